import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { probeTypes } from '@fairway/contract/resources/health-check'
import { getServiceContainers, updateServiceHealthChecks } from '@fairway/contract/routes/service-actions'
import { Button, Fieldset, Group, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { Empty } from '../../ui/empty.tsx'
import { FormPanel } from '../../ui/form-panel.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { LIVE_MS } from './live-ms.ts'
import { PROBE_NAMES, type ProbeType, probeWords } from './probe.ts'
import { PROBE_FIELDS, ProbeFields } from './probe-fields.tsx'
import { ProbeResults } from './probe-results.tsx'
import type { ServiceParams } from './service-page.tsx'

const schema = updateServiceHealthChecks.body as NonNullable<typeof updateServiceHealthChecks.body>
const FIELDS = probeTypes.flatMap((_, index) => PROBE_FIELDS.map((field) => `healthChecks.${index}.${field}`))

type HealthChecksTabProps = { params: ServiceParams; checks: HealthCheck[] }

/** The probes of a service, each with what the instances answer to it now, and the way to change them. */
export function HealthChecksTab({ params, checks }: HealthChecksTabProps) {
  const mayWrite = useMay('write')
  return (
    <Stack>
      {checks.length === 0 && (
        <Empty title="No health check">
          An instance counts as ready as soon as it runs, and nobody notices when it hangs.
          {!mayWrite && ' A token that may write can add one.'}
        </Empty>
      )}
      {checks.length > 0 && <Answers params={params} checks={checks} />}
      {mayWrite && <ChecksForm params={params} checks={checks} />}
    </Stack>
  )
}

/** What is asked now, and what every instance answers. */
function Answers({ params, checks }: HealthChecksTabProps) {
  const query = useQuery({ ...read(getServiceContainers, { params }), refetchInterval: LIVE_MS })
  return (
    <Loaded query={query}>
      {({ containers }) => (
        <Stack>
          {checks.map((check) => (
            <ProbeResults
              key={check.type}
              type={check.type}
              words={probeWords(check)}
              containers={containers.filter(({ state }) => state !== 'gone')}
            />
          ))}
        </Stack>
      )}
    </Loaded>
  )
}

/** Checked by the same schema as the server does before it is sent. */
function ChecksForm({ params, checks }: HealthChecksTabProps) {
  // What the form began with: what others save meanwhile is taken by Discard.
  const [saved] = useState(checks)
  const save = async (body: z.input<typeof schema>): Promise<void> => {
    await call(updateServiceHealthChecks, { params, body })
    notifications.show({
      message: 'Saved. The instances are replaced by ones that are checked like this.',
      color: 'green',
    })
    await queryClient.invalidateQueries({ queryKey: ['projects', params.projectId, 'services'] })
  }
  return (
    <Fieldset legend={checks.length === 0 ? 'Add some' : 'Change them'}>
      <FormPanel
        schema={schema}
        initial={{ healthChecks: saved }}
        action="Save"
        fields={FIELDS}
        run={save}
        aside={{ label: 'Discard', act: ({ replace }) => replace({ healthChecks: checks }) }}
      >
        {({ value: { healthChecks: draft }, set, problem }) => (
          <>
            {draft.map((check, index) => (
              <ProbeFields
                key={check.type}
                check={check}
                problem={(field) => problem(`healthChecks.${index}.${field}`)}
                onChange={(next) =>
                  set({ healthChecks: draft.map((one, at) => (at === index ? next : one)) })
                }
                onRemove={() => set({ healthChecks: draft.filter((_, at) => at !== index) })}
              />
            ))}
            <Group>
              {probeTypes
                .filter((type) => draft.every((check) => check.type !== type))
                .map((type) => (
                  <Button
                    key={type}
                    variant="default"
                    leftSection={<IconPlus size={16} />}
                    onClick={() => set({ healthChecks: [...draft, newProbe(type)] })}
                  >
                    {PROBE_NAMES[type]}
                  </Button>
                ))}
            </Group>
          </>
        )}
      </FormPanel>
    </Fieldset>
  )
}

const newProbe = (type: ProbeType): HealthCheck => ({
  type,
  protocol: 'HTTP',
  path: '/',
  port: 3000,
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  failureThreshold: 3,
  successThreshold: 1,
})
