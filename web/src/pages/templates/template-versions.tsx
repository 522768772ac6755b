import { Badge, Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import { readPage } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Ago } from '../../ui/ago.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pages, usePages } from '../../ui/pages.tsx'
import type { TemplatePlace } from './use-template-place.ts'

type TemplateVersionsProps = { place: TemplatePlace; templateId: string }
type Version = { version: number; status: string; current: boolean }

/** What the template said before: drafts are published or put aside, older versions brought back. */
export function TemplateVersions({ place, templateId }: TemplateVersionsProps) {
  const { routes, projectId } = place
  const pages = usePages()
  const params = { projectId, templateId }
  const query = useQuery(readPage(routes.versions, { params, query: pages.query as never }))
  return (
    <Loaded query={query}>
      {({ data: { versions }, next }) => (
        <>
          <DataTable
            head={['Version', 'State', 'Made', 'By', '']}
            rows={versions.map((version) => ({
              key: String(version.version),
              cells: [
                version.version,
                <Badge
                  key="state"
                  variant="light"
                  tt="none"
                  miw="max-content"
                  color={version.current ? 'green' : 'gray'}
                >
                  {version.current ? 'runs' : version.status}
                </Badge>,
                <Ago key="at" at={version.createdAt} />,
                `${version.createdBy ?? ''}${version.commit === undefined ? '' : ` · ${version.commit.slice(0, 7)}`}`,
                <VersionActions key="do" place={place} templateId={templateId} version={version} />,
              ],
            }))}
          />
          <Pages pages={pages} next={next} />
        </>
      )}
    </Loaded>
  )
}

function VersionActions({
  place: { routes, projectId, key },
  templateId,
  version: { version, status, current },
}: TemplateVersionsProps & { version: Version }) {
  const params = { projectId, templateId, version }
  const refresh = [...key, templateId]
  const publish = useAction({
    run: () => call(routes.publish, { params }),
    refresh,
    done: `Version ${version} is what runs now.`,
  })
  const close = useAction({
    run: () => call(routes.close, { params }),
    refresh,
    done: 'The draft is put aside.',
  })
  const restore = useAction({
    run: () => call(routes.restore, { params, query: {} }),
    refresh,
    done: `The template says again what version ${version} said.`,
  })
  if (status === 'draft')
    return (
      <Group gap="xs" wrap="nowrap">
        <Button
          size="xs"
          loading={publish.isPending}
          onClick={() => publish.mutate()}
          aria-label={`Publish version ${version}`}
        >
          Publish
        </Button>
        <Button
          size="xs"
          variant="default"
          loading={close.isPending}
          onClick={() => close.mutate()}
          aria-label={`Put aside version ${version}`}
        >
          Put aside
        </Button>
      </Group>
    )
  if (current) return null
  return (
    <Button
      size="xs"
      variant="default"
      loading={restore.isPending}
      onClick={() => restore.mutate()}
      aria-label={`Restore version ${version}`}
    >
      Restore
    </Button>
  )
}
