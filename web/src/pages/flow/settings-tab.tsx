import { flowDocument } from '@fairway/contract/flow'
import { Button, Grid, Paper, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { z } from 'zod'
import { type JsonSchema, SchemaForm } from '../../flow/schema-form.tsx'
import { ArgumentsForm } from './arguments-form.tsx'
import type { FlowParams } from './flow-editor.tsx'
import { FlowWebhook } from './flow-webhook.tsx'
import { HiddenArguments } from './hidden-arguments.tsx'
import type { FlowDraft } from './use-flow-draft.ts'
import { usePickers } from './use-pickers.ts'

type Document = Record<string, unknown>
type SettingsTabProps = {
  params: FlowParams
  draft: FlowDraft
  saved: Document | undefined
  hiddenArguments: readonly string[]
}

/** The contract's own schema of these fields; what only templates use is left out. */
function schemaOf(...names: (keyof typeof flowDocument.shape)[]): JsonSchema {
  const picked = flowDocument.pick(Object.fromEntries(names.map((name) => [name, true])) as never)
  const schema = z.toJSONSchema(picked, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    cycles: 'ref',
  }) as JsonSchema
  const { options } = schema.properties ?? {}
  const { concurrencyPolicy, paused } = options?.properties ?? {}
  if (options === undefined || concurrencyPolicy === undefined || paused === undefined) return schema
  return {
    ...schema,
    properties: { ...schema.properties, options: { ...options, properties: { concurrencyPolicy, paused } } },
  }
}

const GENERAL = schemaOf('description', 'options', 'settings', 'timeoutDuration')
const TRIGGERS = schemaOf('triggers')
const INPUTS = schemaOf('richInputs')
const GIT = schemaOf('gitops')

/** Everything of the document but its steps, and what belongs to the flow beside its document. */
export function SettingsTab({ params, draft, saved, hiddenArguments }: SettingsTabProps) {
  const pickers = usePickers(params)
  const { document, changeDocument } = draft
  const form = (schema: JsonSchema) => (
    <SchemaForm
      schema={schema}
      value={document}
      pickers={{ source: pickers.serviceId ?? [] }}
      onChange={(next) => changeDocument(next as Document)}
    />
  )
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack>
          <Section title="How it runs">{form(GENERAL)}</Section>
          <Section title="Arguments">
            <ArgumentsForm
              value={(document.arguments ?? {}) as Document}
              onChange={(next) => changeDocument(withField(document, 'arguments', next))}
            />
            {form(INPUTS)}
          </Section>
          {saved !== undefined && (
            <Section title="Hidden arguments">
              <HiddenArguments params={params} saved={saved} names={hiddenArguments} />
            </Section>
          )}
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack>
          <Section title="What starts it">
            <Text size="sm" c="dimmed">
              A git trigger starts the flow on a push or a pull request, a cron trigger by the clock, in UTC.
            </Text>
            {form(TRIGGERS)}
          </Section>
          {saved !== undefined && (
            <Section title="Secret address">
              <FlowWebhook params={params} />
            </Section>
          )}
          <Section title="File in git">
            {form(GIT)}
            {document.gitops != null && (
              <Button
                variant="default"
                size="xs"
                style={{ alignSelf: 'flex-start' }}
                onClick={() => changeDocument({ ...document, gitops: null })}
              >
                Remove the link
              </Button>
            )}
          </Section>
        </Stack>
      </Grid.Col>
    </Grid>
  )
}

function withField(document: Document, name: string, value: Document): Document {
  const { [name]: _old, ...rest } = document
  return Object.keys(value).length === 0 ? rest : { ...document, [name]: value }
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Stack gap="xs">
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Paper>
  )
}
