import { getGitops, syncGitops, takeFairway, takeGit } from '@fairway/contract/routes/gitops'
import { Code } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ApiError } from '../../api/api-error.ts'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Empty } from '../../ui/empty.tsx'
import { GitopsPanel } from '../../ui/gitops-panel.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import type { FlowParams } from './flow-editor.tsx'

/** The file that the flow is kept the same as. */
export function GitTab({ params }: { params: FlowParams }) {
  const query = useQuery({ ...read(getGitops, { params }), retry: false, refetchInterval: 5_000 })
  const refresh = ['projects', params.projectId, 'pipelines']
  const commit = query.data?.lastCommitSeen
  const body = commit == null ? {} : { commit }
  const sync = useAction({
    run: () => call(syncGitops, { params }),
    refresh,
    done: 'The file is being looked at.',
  })
  const git = useAction({ run: () => call(takeGit, { params, body }), refresh })
  const fairway = useAction({ run: () => call(takeFairway, { params, body }), refresh })
  if (query.error instanceof ApiError && query.error.status === 404)
    return (
      <Empty title="Not in git">
        Say in the settings, under <Code>gitops</Code>, in which file of which repository the flow is kept,
        and save.
      </Empty>
    )
  return (
    <Loaded query={query}>
      {(link) => <GitopsPanel link={link} sync={sync} takeGit={git} takeFairway={fairway} />}
    </Loaded>
  )
}
