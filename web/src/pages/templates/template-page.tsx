import { Alert, Button, Group, Text } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { documentOf } from '../../flow/document-of.ts'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { usePathParams } from '../path-params.ts'
import { PlanOfTemplate } from './plan-of-template.tsx'
import { RunTemplateDialog } from './run-template-dialog.tsx'
import { TemplateEditor } from './template-editor.tsx'
import { TemplateGit } from './template-git.tsx'
import { TemplateRuns } from './template-runs.tsx'
import { TemplateVersions } from './template-versions.tsx'
import { type TemplatePlace, useTemplatePlace } from './use-template-place.ts'

/** One template: its document, what it would change, its runs and versions, its file in git. */
export function TemplatePage() {
  const { templateId } = usePathParams('templateId')
  const place = useTemplatePlace()
  const { routes, projectId, at, key } = place
  const params = { projectId, templateId }
  const navigate = useNavigate()
  const [running, setRunning] = useState(false)
  const query = useQuery(read(routes.get, { params }))
  return (
    <Loaded query={query}>
      {(template) => (
        <>
          <PageTitle
            title={template.name}
            below={
              <Group gap="xs">
                {template.status !== 'unknown' && <StatusBadge status={template.status} />}
                <Text size="sm" c="dimmed">
                  {template.version === null ? 'Nothing is published yet' : `Version ${template.version}`}
                  {template.draft === undefined ? '' : `, with the draft ${template.draft}`}
                </Text>
              </Group>
            }
          >
            <DeleteButton
              kind="template"
              name={template.name}
              what="The template goes with its versions and runs. Everything that it made stays."
              run={() => call(routes.remove, { params })}
              refresh={key}
              after={() => void navigate({ to: at })}
            />
            <Button
              leftSection={<IconPlayerPlay size={16} />}
              disabled={template.version === null}
              onClick={() => setRunning(true)}
            >
              Run
            </Button>
          </PageTitle>
          {template.description !== '' && <Text mb="md">{template.description}</Text>}
          <PageTabs
            tabs={[
              {
                id: 'document',
                label: 'Document',
                content: () => (
                  <TemplateEditor place={place} templateId={templateId} saved={documentOf(template)} />
                ),
              },
              {
                id: 'plan',
                label: 'What a run would do',
                content: () => <Plan place={place} templateId={templateId} />,
              },
              {
                id: 'runs',
                label: 'Runs',
                content: () => <TemplateRuns place={place} templateId={templateId} />,
              },
              {
                id: 'versions',
                label: 'Versions',
                content: () => <TemplateVersions place={place} templateId={templateId} />,
              },
              {
                id: 'git',
                label: 'Git',
                content: () => <TemplateGit place={place} templateId={templateId} />,
              },
            ]}
          />
          {running && (
            <RunTemplateDialog place={place} template={template} onClose={() => setRunning(false)} />
          )}
        </>
      )}
    </Loaded>
  )
}

function Plan({ place: { routes, projectId }, templateId }: { place: TemplatePlace; templateId: string }) {
  const query = useQuery({
    ...read(routes.getDryRun, { params: { projectId, templateId }, query: {} }),
    retry: false,
    staleTime: 0,
  })
  if (query.isError)
    return (
      <Alert color="yellow" role="alert" title="A run without arguments is refused">
        {query.error.message}
      </Alert>
    )
  return <Loaded query={query}>{(plan) => <PlanOfTemplate plan={plan} />}</Loaded>
}
