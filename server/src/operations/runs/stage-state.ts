import type { Db } from '../../db/db.ts'
import type { FlowKey } from '../../db/release-flows.ts'
import {
  type DeployedState,
  listBackupsOfRuns,
  readJobStates,
  readServiceStates,
  type ServiceState,
} from '../../db/stage-state.ts'

/** What a stage ran at one moment; a run records it before and after, so that it can be brought back. */
export type StageState = {
  flowVersion: number
  services: Record<string, ServiceState>
  jobs: Record<string, DeployedState>
  /** Taken by the run itself. */
  backups: { id: string; addonId: string }[]
}

export async function readStageState(
  db: Db,
  key: FlowKey,
  run: { id: string; flowVersion: number },
): Promise<StageState> {
  const services = await readServiceStates(db, key)
  const jobs = await readJobStates(db, key)
  const backups = await listBackupsOfRuns(db, [run.id])
  return {
    flowVersion: run.flowVersion,
    services: Object.fromEntries(services.map(({ id, ...state }) => [id, state])),
    jobs: Object.fromEntries(jobs.map(({ id, ...state }) => [id, state])),
    backups: backups.map(({ id, addonId }) => ({ id, addonId })),
  }
}
