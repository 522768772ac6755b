import { Alert, Button, Group, Paper, SegmentedControl, Stack, Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { CodeEditor } from '../../flow/code-editor.tsx'
import { type Format, writeText } from '../../flow/document-text.ts'
import { expressionsFor } from '../../flow/expressions.ts'
import { readTemplate } from './template-text.ts'
import type { TemplatePlace } from './use-template-place.ts'

type Document = Record<string, unknown>
type TemplateEditorProps = {
  place: TemplatePlace
  /** Undefined: it is being made. */
  templateId: string | undefined
  saved: Document
  onSaved?: (id: string) => void
}

/** A template as text, checked while it is written; nothing is saved until asked. */
export function TemplateEditor({ place, templateId, saved, onSaved }: TemplateEditorProps) {
  const [format, setFormat] = useState<Format>('yaml')
  const [typed, setTyped] = useState<string>()
  const text = typed ?? writeText(saved, format)
  const { document, problems } = useMemo(() => readTemplate(text), [text])
  const save = useSave({
    place,
    templateId,
    onSaved: (id) => {
      setTyped(undefined)
      onSaved?.(id)
    },
  })
  const canSave =
    document !== undefined && problems.length === 0 && (typed !== undefined || templateId === undefined)
  const [first] = problems
  return (
    <Stack>
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label="Format"
          value={format}
          onChange={(value) => {
            setFormat(value as Format)
            if (document !== undefined && typed !== undefined) setTyped(writeText(document, value as Format))
          }}
          data={[
            { value: 'yaml', label: 'YAML' },
            { value: 'json', label: 'JSON' },
          ]}
        />
        <Group gap="xs">
          {typed !== undefined && templateId !== undefined && (
            <Text size="sm" c="dimmed">
              Not saved
            </Text>
          )}
          <Button
            variant="default"
            disabled={!canSave}
            loading={save.isPending}
            onClick={() => document !== undefined && save.mutate({ document, draft: true })}
          >
            Save as a draft
          </Button>
          <Button
            disabled={!canSave}
            loading={save.isPending}
            onClick={() => document !== undefined && save.mutate({ document, draft: false })}
          >
            Save and publish
          </Button>
        </Group>
      </Group>
      {first !== undefined && (
        <Alert color="red" role="alert" p="xs">
          {first.message}
          {problems.length > 1 ? `, and ${problems.length - 1} more` : ''}
        </Alert>
      )}
      <Paper withBorder h={520} style={{ overflow: 'hidden' }}>
        <CodeEditor
          text={text}
          format={format}
          problemsOf={(now) => readTemplate(now).problems}
          expressions={document === undefined ? [] : expressionsOf(document)}
          onChange={setTyped}
        />
      </Paper>
    </Stack>
  )
}

function expressionsOf(document: Document): readonly string[] {
  const { spec } = document as { spec?: Parameters<typeof expressionsFor>[1] }
  return spec?.kind === 'Workflow' && Array.isArray((spec.spec as Document)?.steps)
    ? expressionsFor(document, spec)
    : []
}

type Saving = { document: Document; draft: boolean }
type UseSave = Pick<TemplateEditorProps, 'place' | 'templateId'> & { onSaved: (id: string) => void }

function useSave({ place: { routes, projectId, key }, templateId, onSaved }: UseSave) {
  return useAction({
    run: ({ document, draft }: Saving) => {
      const query = { draft: draft ? ('true' as const) : ('false' as const) }
      return templateId === undefined
        ? call(routes.create, { params: { projectId }, query, body: document })
        : call(routes.update, { params: { projectId, templateId }, query, body: document })
    },
    refresh: key,
    done: 'The template is saved.',
    after: ({ id }) => onSaved(id),
  })
}
