import { Anchor, Badge, Group, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { startedPage, startedWords, type Verdict } from './words.ts'

/** What was decided for one service, job or flow, why, and what it started. */
export function VerdictLine({ verdict, full = false }: { verdict: Verdict; full?: boolean }) {
  const { kind, id, started, sentence, startedKind } = verdict
  const page = startedPage(verdict)
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <Badge
        variant="light"
        color={started ? 'green' : 'gray'}
        tt="none"
        miw={92}
        mt={2}
        style={{ flexShrink: 0 }}
      >
        {started ? 'started' : 'not started'}
      </Badge>
      <Stack gap={2}>
        <Text size="sm">
          <Text span fw={600} inherit>
            {kind.replace('-', ' ')} {id}
          </Text>{' '}
          {sentence}
          {page !== undefined && startedKind !== undefined && (
            <>
              {' '}
              <Anchor component={Link} to={page as never} inherit underline="always">
                Show {startedWords(startedKind)}
              </Anchor>
            </>
          )}
        </Text>
        {full && <Reasons verdict={verdict} />}
      </Stack>
    </Group>
  )
}

/** What decided, as far as it was a rule: as it was written, and the file or commit that met it. */
function Reasons({ verdict: { rule, text, file, commit, superseded } }: { verdict: Verdict }) {
  const facts = [
    rule !== undefined && ['Rule', rule],
    text !== undefined && ['As written', text],
    file !== undefined && ['File', file],
    commit !== undefined && ['Commit', commit],
    superseded.length > 0 && ['Gave way to it', superseded.join(', ')],
  ].filter((fact) => fact !== false)
  if (facts.length === 0) return null
  return (
    <Text size="xs" c="dimmed" component="dl" m={0}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt style={{ display: 'inline' }}>{name}: </dt>
          <dd style={{ display: 'inline', margin: 0 }}>
            <code>{value}</code>
          </dd>
        </div>
      ))}
    </Text>
  )
}
