import { Code } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ApiError } from '../../api/api-error.ts'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { Empty } from '../../ui/empty.tsx'
import { GitopsPanel } from '../../ui/gitops-panel.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import type { TemplatePlace } from './use-template-place.ts'

type TemplateGitProps = { place: TemplatePlace; templateId: string }

/** The file that the template is kept the same as, and who wins when both were changed. */
export function TemplateGit({ place, templateId }: TemplateGitProps) {
  const { routes, projectId, key } = place
  const params = { projectId, templateId }
  const query = useQuery({ ...read(routes.gitops, { params }), retry: false, refetchInterval: 5_000 })
  const refresh = [...key, templateId]
  const commit = query.data?.lastCommitSeen
  const body = commit == null ? {} : { commit }
  const sync = useAction({
    run: () => call(routes.sync, { params }),
    refresh,
    done: 'The file is being looked at.',
  })
  const takeGit = useAction({ run: () => call(routes.takeGit, { params, body }), refresh })
  const takeFairway = useAction({ run: () => call(routes.takeFairway, { params, body }), refresh })
  if (query.error instanceof ApiError && query.error.status === 404)
    return (
      <Empty title="Not in git">
        Save the document with the field <Code>gitops</Code> (repoUrl, branch, filePath), and it is kept the
        same as that file.
      </Empty>
    )
  return (
    <Loaded query={query}>
      {(link) => <GitopsPanel link={link} sync={sync} takeGit={takeGit} takeFairway={takeFairway} />}
    </Loaded>
  )
}
