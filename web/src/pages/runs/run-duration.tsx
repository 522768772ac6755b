import type { RunItem } from '@fairway/contract/routes/release-runs'
import { durationWords } from '../../flow/durations.ts'

/** How long a run took, or has been going. */
export function RunDuration({ run, now }: { run: RunItem; now: Date }) {
  if (run.startedAt === undefined) return <span>not started</span>
  const end = run.concludedAt === undefined ? now : new Date(run.concludedAt)
  const seconds = Math.max(0, (end.getTime() - new Date(run.startedAt).getTime()) / 1000)
  return <span className="tabular">{durationWords(seconds)}</span>
}
