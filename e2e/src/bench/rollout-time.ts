import type { Json, Rest } from '../fairway/rest.ts'
import { deployTiny, TINY } from '../fairway/tiny-setup.ts'
import { waitFor } from '../fairway/wait-for.ts'

/** Until the new revision serves alone: from the request to the rollout's own completion. */
export async function timeOfRollout(call: Rest, build: Json): Promise<number> {
  const started = performance.now()
  await deployTiny(call, build.id)
  await waitFor(
    'the rollout to complete',
    async () => {
      const service = await call('GET', `/projects/${TINY}/services/web`)
      const deployed = (service.deployment as Json).internal as Json | undefined
      return (
        ((service.status as Json).deployment as Json).status === 'COMPLETED' &&
        deployed?.deployedSHA === build.sha
      )
    },
    { everyMs: 10, deadlineMs: 120_000 },
  )
  return performance.now() - started
}
