import { jobEnvironment, serviceEnvironment } from '@fairway/contract/routes/environment'
import { Alert, Button, SegmentedControl, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { VariableEditor } from './variable-editor.tsx'

export type Owner =
  | { kind: 'service'; params: { projectId: string; serviceId: string } }
  | { kind: 'job'; params: { projectId: string; jobId: string } }

type EnvironmentTabProps = { owner: Owner; builds: boolean; runs: boolean }

/** The own variables of a service or job, and what it receives in all. Values are read only when asked for. */
export function EnvironmentTab({ owner, builds, runs }: EnvironmentTabProps) {
  const [which, setWhich] = useState(runs ? 'runtime' : 'build')
  const [asked, setAsked] = useState(false)
  return (
    <Stack>
      {builds && runs && (
        <SegmentedControl
          aria-label="Which variables"
          value={which}
          onChange={setWhich}
          data={[
            { value: 'runtime', label: 'When it runs' },
            { value: 'build', label: 'When it is built' },
          ]}
          style={{ alignSelf: 'flex-start' }}
        />
      )}
      {asked ? (
        <Values owner={owner} which={which} />
      ) : (
        <Alert title="Values are secret">
          <Stack align="flex-start" gap="xs">
            <Text size="sm">They are shown only when you ask, and only to tokens that may read secrets.</Text>
            <Button size="xs" onClick={() => setAsked(true)}>
              Show and edit
            </Button>
          </Stack>
        </Alert>
      )}
    </Stack>
  )
}

/** The routes of services and jobs are the same but for the name of their parameter. */
const routesOf = (owner: Owner) =>
  (owner.kind === 'service' ? serviceEnvironment : jobEnvironment) as typeof serviceEnvironment
const paramsOf = (owner: Owner) => owner.params as { projectId: string; serviceId: string }

function Values({ owner, which }: { owner: Owner; which: string }) {
  return which === 'build' ? <BuildValues owner={owner} /> : <RuntimeValues owner={owner} />
}

function RuntimeValues({ owner }: { owner: Owner }) {
  const routes = routesOf(owner)
  const params = paramsOf(owner)
  const query = useQuery({ ...read(routes.getRuntime, { params, query: { show: 'this' } }), gcTime: 0 })
  const save = useAction({
    run: (runtimeEnvironment: Record<string, string>) =>
      call(routes.setRuntime, {
        params,
        body: { runtimeEnvironment, runtimeFiles: query.data?.runtimeFiles as never },
      }),
    refresh: ['projects', params.projectId],
    done: 'Saved. What runs is replaced by instances with these values.',
  })
  return (
    <Stack>
      <Loaded query={query}>
        {({ runtimeEnvironment }) => (
          <VariableEditor
            key={JSON.stringify(runtimeEnvironment)}
            variables={runtimeEnvironment}
            saving={save.isPending}
            onSave={(values) => save.mutate(values)}
          />
        )}
      </Loaded>
      <Received owner={owner} />
    </Stack>
  )
}

function BuildValues({ owner }: { owner: Owner }) {
  const routes = routesOf(owner)
  const params = paramsOf(owner)
  const query = useQuery({ ...read(routes.getBuild, { params, query: { show: 'this' } }), gcTime: 0 })
  const save = useAction({
    run: (buildArguments: Record<string, string>) =>
      call(routes.setBuild, {
        params,
        body: { buildArguments, buildFiles: query.data?.buildFiles as never },
      }),
    refresh: ['projects', params.projectId],
    done: 'Saved. The next build uses these values.',
  })
  return (
    <Loaded query={query}>
      {({ buildArguments }) => (
        <VariableEditor
          key={JSON.stringify(buildArguments)}
          variables={buildArguments}
          saving={save.isPending}
          onSave={(values) => save.mutate(values)}
        />
      )}
    </Loaded>
  )
}

/** Every variable it gets, and from where. */
function Received({ owner }: { owner: Owner }) {
  const params = paramsOf(owner)
  const query = useQuery({ ...read(routesOf(owner).getRuntimeDetails, { params }), gcTime: 0 })
  return (
    <Loaded query={query}>
      {({ runtimeEnvironment }) => (
        <Table.ScrollContainer minWidth={420}>
          <Table captionSide="top">
            <Table.Caption>What it receives in all, and from where</Table.Caption>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Variable</Table.Th>
                <Table.Th>From</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {Object.entries(runtimeEnvironment).map(([name, { inheritedFrom, addonId, overriding }]) => (
                <Table.Tr key={name}>
                  <Table.Td>
                    <code>{name}</code>
                  </Table.Td>
                  <Table.Td>
                    {addonId === undefined
                      ? (inheritedFrom ?? 'its own')
                      : `addon ${addonId} by ${inheritedFrom}`}
                    {overriding.length > 0 && (
                      <Text span size="xs" c="dimmed">
                        {' '}
                        hides {overriding.length} other value{overriding.length === 1 ? '' : 's'}
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Loaded>
  )
}
