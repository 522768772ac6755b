import type { ports } from '@fairway/contract/resources/ports'
import { NumberInput, Switch } from '@mantine/core'
import type { z } from 'zod'

type Ports = z.input<typeof ports>

type FirstPortProps = {
  value: Ports | undefined
  set(value: Ports): void
  problem(field: string): string | undefined
}

/** The one port most services have; further ones are added on the service's page. */
export function FirstPort({ value = [], set, problem }: FirstPortProps) {
  const [first] = value
  return (
    <>
      <NumberInput
        label="Port"
        description="Where it listens for HTTP. Left empty: it takes no traffic."
        value={first?.internalPort ?? ''}
        error={problem('ports.0.internalPort')}
        onChange={(port) =>
          set(port === '' ? [] : [{ name: 'p01', public: false, ...first, internalPort: Number(port) }])
        }
      />
      {first !== undefined && (
        <Switch
          label="Reachable from outside"
          checked={first.public ?? false}
          onChange={(event) => set([{ ...first, public: event.currentTarget.checked }])}
        />
      )}
    </>
  )
}
