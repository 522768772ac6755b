import { updateReleaseFlow } from '@fairway/contract/routes/release-flows'
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { documentOf } from '../../flow/document-of.ts'
import type { FoundProblem } from '../../flow/document-text.ts'
import { type PageTab, PageTabs } from '../../ui/page-tabs.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import { GitTab } from './git-tab.tsx'
import { SettingsTab } from './settings-tab.tsx'
import { StepsTab } from './steps-tab.tsx'
import { type FlowDraft, useFlowDraft } from './use-flow-draft.ts'
import { VersionsTab } from './versions-tab.tsx'

export type FlowParams = { projectId: string; pipelineId: string; stage: string }
type Document = Record<string, unknown>
type FlowEditorProps = {
  params: FlowParams
  saved: Document
  /** Undefined: nothing is saved yet. */
  version: number | undefined
  hiddenArguments: readonly string[]
}

/** One document: its steps, its settings, what it said before, its file in git. Nothing is saved until asked. */
export function FlowEditor({ params, saved, version, hiddenArguments }: FlowEditorProps) {
  const draft = useFlowDraft(saved)
  const [base, setBase] = useState(version)
  const { problems } = draft
  useHotkeys([
    ['mod+Z', draft.undo],
    ['mod+shift+Z', draft.redo],
  ])
  const save = useAction({
    run: () => call(updateReleaseFlow, { params, body: draft.document }),
    refresh: ['projects', params.projectId, 'pipelines'],
    done: 'The release flow is saved.',
    after: (flow) => {
      // A link that was removed is in no document any more; a first save brings what the server fills in.
      if (draft.document.gitops === null || base === undefined) draft.restart(documentOf(flow))
      setBase(flow.version)
    },
  })
  const load = (document: Document, from: number | undefined): void => {
    draft.restart(document)
    setBase(from)
  }
  const isBehind = version !== undefined && version > (base ?? 0) && !save.isPending
  const isUntouched = !draft.canUndo && !draft.canRedo
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new version makes a page that nobody touched load it.
  useEffect(() => {
    if (isBehind && isUntouched) load(saved, version)
  }, [isBehind, version])
  return (
    <Stack>
      <PageTitle
        title={`Release flow of ${params.stage}`}
        below={
          <Text size="sm" c="dimmed">
            {version === undefined ? 'Not saved yet' : `Version ${version}`}
            {draft.isChanged ? ', with changes that are not saved' : ''}
          </Text>
        }
      >
        <Button variant="default" onClick={draft.undo} disabled={!draft.canUndo} aria-label="Undo">
          <IconArrowBackUp size={16} />
        </Button>
        <Button variant="default" onClick={draft.redo} disabled={!draft.canRedo} aria-label="Redo">
          <IconArrowForwardUp size={16} />
        </Button>
        <Button
          onClick={() => save.mutate()}
          loading={save.isPending}
          disabled={!draft.isChanged || problems.length > 0}
        >
          Save
        </Button>
      </PageTitle>
      {isBehind && !isUntouched && (
        <Behind version={version} base={base} onLoad={() => load(saved, version)} />
      )}
      <Problems problems={problems} />
      <PageTabs tabs={tabsOf({ params, draft, saved, version, hiddenArguments, load })} />
    </Stack>
  )
}

type Parts = FlowEditorProps & {
  draft: FlowDraft
  load: (document: Document, from: number | undefined) => void
}

/** What belongs to a flow that is saved comes when it is. */
function tabsOf({ params, draft, saved, version, hiddenArguments, load }: Parts): PageTab[] {
  const isSaved = version !== undefined
  const steps: PageTab = {
    id: 'steps',
    label: 'Steps',
    content: () => <StepsTab params={params} draft={draft} />,
  }
  const settings: PageTab = {
    id: 'settings',
    label: 'Settings',
    content: () => (
      <SettingsTab
        params={params}
        draft={draft}
        saved={isSaved ? saved : undefined}
        hiddenArguments={hiddenArguments}
      />
    ),
  }
  const versions: PageTab = {
    id: 'versions',
    label: 'Versions',
    content: () => (
      <VersionsTab params={params} onRestored={(flow) => load(documentOf(flow), flow.version)} />
    ),
  }
  const git: PageTab = { id: 'git', label: 'Git', content: () => <GitTab params={params} /> }
  return isSaved ? [steps, settings, versions, git] : [steps, settings]
}

type BehindProps = { version: number; base: number | undefined; onLoad: () => void }

/** Somebody else, or git, saved while this page was open. */
function Behind({ version, base, onLoad }: BehindProps) {
  return (
    <Alert color="yellow" role="alert" title={`Version ${version} was saved meanwhile`}>
      <Group justify="space-between">
        <Text size="sm">
          Your changes began {base === undefined ? 'when there was no flow' : `from version ${base}`}. Saving
          them takes the place of version {version}.
        </Text>
        <Button size="xs" variant="default" onClick={onLoad}>
          Drop my changes and load version {version}
        </Button>
      </Group>
    </Alert>
  )
}

function Problems({ problems }: { problems: readonly FoundProblem[] }) {
  const [first] = problems
  if (first === undefined) return null
  return (
    <Alert color="red" role="alert" p="xs">
      {first.message}
      {problems.length > 1 ? `, and ${problems.length - 1} more` : ''}
    </Alert>
  )
}
