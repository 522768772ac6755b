import {
  getFlowVersion,
  listFlowVersions,
  type releaseFlowView,
  updateReleaseFlow,
} from '@fairway/contract/routes/release-flows'
import { Badge, Button, Group, Stack, Text, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { call } from '../../api/client.ts'
import { read, readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { documentOf } from '../../flow/document-of.ts'
import { writeText } from '../../flow/document-text.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { LineDiff } from '../../ui/line-diff.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import type { FlowParams } from './flow-editor.tsx'

type VersionsTabProps = {
  params: FlowParams
  onRestored: (flow: z.output<typeof releaseFlowView>) => void
}

/** What the flow said before: compared with what it says now, and brought back. */
export function VersionsTab({ params, onRestored }: VersionsTabProps) {
  const pages = usePages()
  const [chosen, choose] = useState<number>()
  const query = useQuery(readPage(listFlowVersions, { params, query: pages.query as never }))
  return (
    <Loaded query={query}>
      {({ data: { versions }, next }) => (
        <Stack>
          <DataTable
            head={['Version', 'Made', 'By', '']}
            minWidth={420}
            rows={versions.map(({ version, current, createdAt, createdBy, commit }) => ({
              key: String(version),
              cells: [
                <Group key="version" gap="xs" wrap="nowrap">
                  {version}
                  {current && (
                    <Badge variant="light" color="green" tt="none" miw="max-content">
                      runs
                    </Badge>
                  )}
                </Group>,
                <Ago key="at" at={createdAt} />,
                [createdBy, commit?.slice(0, 7)].filter(Boolean).join(' · '),
                <Button
                  key="show"
                  size="xs"
                  variant="default"
                  aria-pressed={chosen === version}
                  aria-label={`Show what version ${version} changed`}
                  onClick={() => choose(version)}
                >
                  Show
                </Button>,
              ],
            }))}
          />
          <Pages pages={pages} next={next} />
          {chosen !== undefined && (
            <Compared
              params={params}
              version={chosen}
              newest={versions.find(({ current }) => current)?.version}
              onRestored={onRestored}
            />
          )}
        </Stack>
      )}
    </Loaded>
  )
}

type ComparedProps = VersionsTabProps & { version: number; newest: number | undefined }

function Compared({ params, version, newest, onRestored }: ComparedProps) {
  const isCurrent = version === newest
  const text = useText(params, version)
  const before = useText(params, version - 1, version > 1)
  const now = useText(params, newest ?? version, newest !== undefined && !isCurrent)
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={2} size="h4">
          Version {version}
        </Title>
        {!isCurrent && <Restore params={params} version={version} onRestored={onRestored} />}
      </Group>
      {text !== undefined && (before !== undefined || version === 1) && (
        <>
          <Text size="sm">
            {version === 1 ? 'The first one.' : `What changed since version ${version - 1}:`}
          </Text>
          <LineDiff before={before ?? ''} after={text} label={`What version ${version} changed`} />
        </>
      )}
      {text !== undefined && now !== undefined && (
        <>
          <Text size="sm">What restoring it would change now:</Text>
          <LineDiff before={now} after={text} label={`What restoring version ${version} would change`} />
        </>
      )}
    </Stack>
  )
}

function useText(params: FlowParams, version: number, isWanted = true): string | undefined {
  const query = useQuery({ ...read(getFlowVersion, { params: { ...params, version } }), enabled: isWanted })
  return isWanted && query.data !== undefined ? writeText(documentOf(query.data.document), 'yaml') : undefined
}

function Restore({ params, version, onRestored }: VersionsTabProps & { version: number }) {
  const restore = useAction({
    run: async () => {
      const { document } = await call(getFlowVersion, { params: { ...params, version } })
      return call(updateReleaseFlow, { params, body: document })
    },
    refresh: ['projects', params.projectId, 'pipelines'],
    done: `The flow says again what version ${version} said.`,
    after: onRestored,
  })
  const ask = (): void => {
    modals.openConfirmModal({
      title: `Restore version ${version}?`,
      children:
        'It is saved as the newest version, and is what the next run executes. Changes in the editor that are not saved are dropped. The link to git and hidden arguments stay as they are.',
      labels: { confirm: `Restore version ${version}`, cancel: 'Cancel' },
      onConfirm: () => restore.mutate(),
    })
  }
  return (
    <Button variant="default" onClick={ask} loading={restore.isPending}>
      Restore
    </Button>
  )
}
