import { getAddon } from '@fairway/contract/routes/addons'
import { getJob } from '@fairway/contract/routes/jobs'
import { getService } from '@fairway/contract/routes/services'
import { Anchor, Card, Group, Text } from '@mantine/core'
import { IconBox, IconClockPlay, IconDatabase } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read } from '../../api/queries.ts'
import { Deployed, type DeployedSource } from '../../ui/deployed.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import type { Member } from './board-page.tsx'
import { type Brought, broughtWords } from './brought-by.ts'
import { Unreadable } from './unreadable.tsx'

const ICONS = { service: IconBox, job: IconClockPlay, addon: IconDatabase }
const FOLDERS = { service: 'services', job: 'jobs', addon: 'addons' }

type MemberCardProps = { projectId: string; member: Member; brought: readonly Brought[] }

/** A resource of a stage: how it is and which version it runs. */
export function MemberCard({ projectId, member, brought }: MemberCardProps) {
  const Icon = ICONS[member.type]
  const { seen, error } = useMember(projectId, member)
  return (
    <Card withBorder padding="xs">
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Group gap={6} wrap="nowrap">
          <Icon size={16} aria-label={member.type} />
          <Anchor
            component={Link}
            to={`/projects/${projectId}/${FOLDERS[member.type]}/${member.id}`}
            size="sm"
            fw={600}
          >
            {member.id}
          </Anchor>
        </Group>
        {seen?.status !== undefined && <StatusBadge status={seen.status} />}
      </Group>
      {seen === undefined && error !== null && <Unreadable what="How it is" error={error} />}
      {seen?.remark !== undefined && (
        <Text size="xs" c="dimmed">
          {seen.remark}
        </Text>
      )}
      {seen?.source !== undefined && <Deployed projectId={projectId} source={seen.source} />}
      {brought
        .filter(({ target }) => target.id === member.id && target.type === member.type)
        .map((one) => (
          <Text key={one.from} size="xs" c="dimmed">
            By a release: {broughtWords(one)}
          </Text>
        ))}
    </Card>
  )
}

type Seen = { status: string | undefined; remark?: string | undefined; source?: DeployedSource | undefined }

function useMember(projectId: string, { id, type }: Member): { seen: Seen | undefined; error: Error | null } {
  const service = useQuery({
    ...read(getService, { params: { projectId, serviceId: id } }),
    enabled: type === 'service',
    select: (data): Seen => ({
      status: data.servicePaused ? 'paused' : data.status.deployment?.status,
      remark: `${data.deployment?.instances ?? 0} instance${data.deployment?.instances === 1 ? '' : 's'}`,
      source: data.deployment,
    }),
  })
  const job = useQuery({
    ...read(getJob, { params: { projectId, jobId: id } }),
    enabled: type === 'job',
    select: (data): Seen => ({
      status: undefined,
      source: (data as unknown as { deployment?: DeployedSource }).deployment,
    }),
  })
  const addon = useQuery({
    ...read(getAddon, { params: { projectId, addonId: id } }),
    enabled: type === 'addon',
    select: (data): Seen => {
      const { status, spec, version } = data as { status?: string; spec?: { type: string }; version?: string }
      return { status, remark: [spec?.type, version].filter(Boolean).join(' ') }
    },
  })
  return {
    seen: service.data ?? job.data ?? addon.data,
    error: service.error ?? job.error ?? addon.error,
  }
}
