import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { answerApproval } from '@fairway/contract/routes/release-runs'
import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { memo, useState } from 'react'
import { call } from '../../api/client.ts'
import { useAction } from '../../api/use-action.ts'
import { allSteps, responseOf } from '../../flow/steps.ts'
import type { RunParams } from './run-page.tsx'

const SHOWN = 5

/** The steps that wait for people, with the two answers. */
export const WaitingApprovals = memo(({ params, root }: { params: RunParams; root: FlowNode }) => {
  const waiting = allSteps(root).filter(
    ({ node }) =>
      node.kind === 'Approval' &&
      !/^(success|failure|skipped|aborted|pending)$/.test(responseOf(node)?.status ?? 'pending'),
  )
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? waiting : waiting.slice(0, SHOWN)
  return (
    <>
      {shown.map(({ path, node }) => (
        <ApprovalAsked key={path} params={params} path={path} node={node} />
      ))}
      {shown.length < waiting.length && (
        <Button variant="default" onClick={() => setWhole(true)}>
          Show {waiting.length - shown.length} more that wait for an approval
        </Button>
      )}
    </>
  )
})

type Verdict = 'approved' | 'rejected'

function ApprovalAsked({ params, path, node }: { params: RunParams; path: string; node: FlowNode }) {
  const [comment, setComment] = useState('')
  const answer = useAction({
    // Runs name their steps from the outermost one, which is 0.
    run: (verdict: Verdict) =>
      call(answerApproval, { params, body: { path: `0.${path}`, verdict, comment } }),
    refresh: ['projects', params.projectId, 'pipelines'],
  })
  const { message } = (node.spec ?? {}) as { message?: string }
  return (
    <Alert color="blue" title={`Waiting for an approval${node.ref === undefined ? '' : `: ${node.ref}`}`}>
      <Stack gap="xs">
        {message !== undefined && <Text size="sm">{message}</Text>}
        <TextInput
          label="Comment"
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
          maxLength={1000}
        />
        <Group>
          <Button onClick={() => answer.mutate('approved')} loading={answer.isPending}>
            Approve
          </Button>
          <Button variant="default" onClick={() => answer.mutate('rejected')} disabled={answer.isPending}>
            Reject
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}
