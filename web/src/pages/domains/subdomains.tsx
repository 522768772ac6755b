import { subdomainName } from '@fairway/contract/resources/domain'
import {
  addSubdomain,
  assignSubdomain,
  deleteSubdomain,
  getSubdomain,
  unassignSubdomain,
} from '@fairway/contract/routes/domains'
import { getProject, listProjects } from '@fairway/contract/routes/projects'
import { getService } from '@fairway/contract/routes/services'
import { Anchor, Button, Card, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { CopyField } from '../../ui/copy-field.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import type { BodyForm } from '../../ui/use-body.ts'

const refresh = () => queryClient.invalidateQueries({ queryKey: ['domains'] })
const added = z.object({ subdomain: subdomainName })
const chosenPort = z.object({
  projectId: z.string().min(1),
  serviceId: z.string().min(1),
  portName: z.string().min(1),
})

type Name = { name: string; fullName: string }

/** What stands before a domain, the record of each, and the port that answers it. */
export function Subdomains({ domain, subdomains }: { domain: string; subdomains: readonly Name[] }) {
  const mayWrite = useMay('write')
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Subdomains
        </Title>
        {mayWrite && <NewSubdomain domain={domain} />}
      </Group>
      {subdomains.length === 0 && (
        <Text size="sm">
          None yet. Add one, or the domain itself, and let a public port of a service answer it.
        </Text>
      )}
      {subdomains.map(({ name, fullName }) => (
        <Subdomain key={name} domain={domain} name={name} fullName={fullName} mayWrite={mayWrite} />
      ))}
    </Stack>
  )
}

function NewSubdomain({ domain }: { domain: string }) {
  return (
    <DialogButton
      label="Add a subdomain"
      size="xs"
      icon={<IconPlus size={14} />}
      action="Add"
      schema={added}
      initial={{ subdomain: '' }}
      fields={['subdomain']}
      run={async (body) => {
        await call(addSubdomain, { params: { domain }, body })
        await refresh()
      }}
    >
      {({ value, set, problem }) => (
        <TextInput
          label={`What stands before ${domain}`}
          description="Leave it empty for the domain itself."
          placeholder="shop"
          data-autofocus
          value={value.subdomain}
          error={problem('subdomain')}
          onChange={(event) => set({ subdomain: event.currentTarget.value })}
        />
      )}
    </DialogButton>
  )
}

type SubdomainProps = Name & { domain: string; mayWrite: boolean }

function Subdomain({ domain, name, fullName, mayWrite }: SubdomainProps) {
  const params = { domain, subdomain: name }
  const query = useQuery(read(getSubdomain, { params }))
  return (
    <Card withBorder component="article">
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start">
          <Title order={3} size="h5">
            {fullName}
          </Title>
          {mayWrite && (
            <DeleteButton
              kind="subdomain"
              action="Remove"
              name={fullName}
              what="It is refused while a port answers it."
              run={() => call(deleteSubdomain, { params })}
              refresh={['domains']}
            />
          )}
        </Group>
        <Loaded query={query}>
          {({ recordType, content, assigned, certificate }) => (
            <>
              <CopyField
                label={`${recordType} record`}
                description={`Make it for ${fullName}, so that requests arrive here.`}
                value={content}
              />
              {assigned === null ? (
                <Group>
                  <Text size="sm">No port answers it.</Text>
                  {mayWrite && <Assign params={params} fullName={fullName} />}
                </Group>
              ) : (
                <Assigned params={params} assigned={assigned} mayWrite={mayWrite} />
              )}
              <Text size="sm" c="dimmed">
                {certificateWords(certificate)}
              </Text>
            </>
          )}
        </Loaded>
      </Stack>
    </Card>
  )
}

type Certificate = z.output<typeof getSubdomain.reply>['certificate']

/** Pure. */
function certificateWords({ status, expiryDate, reason }: Certificate): string {
  if (reason !== undefined) return `Certificate: ${status ?? 'failed'}. ${reason}`
  if (expiryDate !== undefined) return `Certificate until ${new Date(expiryDate).toLocaleDateString()}`
  return status === undefined ? 'No certificate yet' : `Certificate: ${status}`
}

type Params = { domain: string; subdomain: string }
type AssignedProps = {
  params: Params
  assigned: { projectId: string; serviceId: string; portName: string }
  mayWrite: boolean
}

function Assigned({ params, assigned, mayWrite }: AssignedProps) {
  const { projectId, serviceId, portName } = assigned
  const unassign = useAction({
    run: () => call(unassignSubdomain, { params }),
    refresh: ['domains'],
    done: 'No port answers it any more.',
  })
  return (
    <Group>
      <Text size="sm">
        Answered by port {portName} of{' '}
        <Anchor
          component={Link}
          to={`/projects/${projectId}/services/${serviceId}`}
          inherit
          underline="always"
        >
          {projectId}/{serviceId}
        </Anchor>
      </Text>
      {mayWrite && (
        <Button
          size="xs"
          variant="default"
          loading={unassign.isPending}
          onClick={() =>
            modals.openConfirmModal({
              title: `Take ${params.subdomain} from the port?`,
              children: 'Requests to it are not answered any more.',
              labels: { confirm: 'Take it', cancel: 'Cancel' },
              onConfirm: () => unassign.mutate(),
            })
          }
        >
          Take it from the port
        </Button>
      )}
    </Group>
  )
}

function Assign({ params, fullName }: { params: Params; fullName: string }) {
  return (
    <DialogButton
      label="Let a port answer it"
      title={`Let a port answer ${fullName}`}
      size="xs"
      variant="default"
      action="Assign"
      schema={chosenPort}
      initial={{ projectId: '', serviceId: '', portName: '' }}
      fields={['projectId', 'serviceId', 'portName']}
      run={async (body) => {
        await call(assignSubdomain, { params, body })
        await refresh()
      }}
    >
      {(form) => <PortFields form={form} />}
    </DialogButton>
  )
}

function PortFields({ form: { value, set, problem } }: { form: BodyForm<typeof chosenPort> }) {
  const { projectId, serviceId, portName } = value
  const projects = useQuery(read(listProjects, { query: WHOLE_LIST }))
  const project = useQuery({
    ...read(getProject, { params: { projectId } }),
    enabled: projectId !== '',
  })
  const service = useQuery({
    ...read(getService, { params: { projectId, serviceId } }),
    enabled: serviceId !== '',
  })
  const ports = (service.data?.ports ?? []).filter((port) => port.public)
  const named = (resources: readonly { id: string; name: string }[] = []) =>
    resources.map(({ id, name }) => ({ value: id, label: name }))
  return (
    <>
      <Select
        label="Project"
        withAsterisk
        data={named(projects.data?.projects)}
        value={projectId || null}
        error={problem('projectId')}
        onChange={(next) => set({ projectId: next ?? '', serviceId: '', portName: '' })}
      />
      <Select
        label="Service"
        withAsterisk
        disabled={projectId === ''}
        data={named(project.data?.services)}
        value={serviceId || null}
        error={problem('serviceId')}
        onChange={(next) => set({ serviceId: next ?? '', portName: '' })}
      />
      <Select
        label="Public port"
        withAsterisk
        disabled={serviceId === ''}
        data={ports.map(({ name }) => name)}
        value={portName || null}
        error={problem('portName')}
        onChange={(next) => set({ portName: next ?? '' })}
      />
    </>
  )
}
