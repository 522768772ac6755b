import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { PlanOfTemplate } from './plan-of-template.tsx'
import type { TemplatePlace } from './use-template-place.ts'

type RunTemplateDialogProps = {
  place: TemplatePlace
  template: { id: string; name: string; arguments: Record<string, unknown>; argumentOverrideNames: string[] }
  onClose: () => void
}

/** Numbers and flags as they are meant, everything else as text. An empty field takes the document's value. */
function argumentsOf(given: Record<string, string>): Record<string, never> {
  const filled = Object.entries(given).filter(([, text]) => text !== '')
  return Object.fromEntries(filled.map(([name, text]) => [name, meantBy(text) as never]))
}

function meantBy(text: string): unknown {
  return /^(-?\d+(\.\d+)?|true|false)$/.test(text) ? JSON.parse(text) : text
}

/** Starts a run: with which arguments, and what it would do. */
export function RunTemplateDialog({ place, template, onClose }: RunTemplateDialogProps) {
  const { routes, projectId, at, key } = place
  const params = { projectId, templateId: template.id }
  const [name, setName] = useState('')
  const [given, setGiven] = useState<Record<string, string>>({})
  const [asked] = useDebouncedValue(given, 300)
  const navigate = useNavigate()
  const plan = useQuery({
    queryKey: [...key, template.id, 'dry-run', asked],
    queryFn: ({ signal }) => call(routes.dryRun, { params, body: { arguments: argumentsOf(asked) }, signal }),
    retry: false,
    staleTime: 0,
  })
  const start = useAction({
    run: () =>
      call(routes.run, { params, body: { ...(name !== '' && { name }), arguments: argumentsOf(given) } }),
    refresh: [...key, template.id],
    after: ({ id }) => void navigate({ to: `${at}/${template.id}/runs/${id}` }),
  })
  return (
    <Modal opened onClose={onClose} title={`Run ${template.name}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate()
        }}
      >
        <Stack>
          <TextInput
            label="Name of the run"
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          {Object.entries(template.arguments).map(([argument, fallback]) => {
            const isSealed = template.argumentOverrideNames.includes(argument)
            return (
              <TextInput
                key={argument}
                label={argument}
                placeholder={isSealed ? 'a sealed value' : String(fallback ?? '')}
                required={fallback === '' && !isSealed}
                value={given[argument] ?? ''}
                onChange={(event) => setGiven({ ...given, [argument]: event.currentTarget.value })}
              />
            )
          })}
          <Loaded query={plan}>{(seen) => <PlanOfTemplate plan={seen} />}</Loaded>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={start.isPending}>
              Run
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
