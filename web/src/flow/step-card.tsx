import { Handle, type NodeProps, Position } from '@xyflow/react'
import { memo, useEffect, useState } from 'react'
import { toneOf, wordsOf } from '../ui/status-words.ts'
import { durationWords, secondsOf } from './durations.ts'
import type { Placed } from './layout.ts'
import classes from './step-card.module.css'
import { StepIcon } from './step-icon.tsx'
import { responseOf, type StepResponse, subjectOf, titleOf } from './steps.ts'

export type StepData = { placed: Placed; selected: boolean; problem?: string }

/** One step on the canvas: what it does, to what, and how it is. Plain elements, because there may be hundreds. */
export const StepCard = memo(({ data }: NodeProps) => {
  const { placed, selected, problem } = data as StepData
  const { node, width, height } = placed
  const response = responseOf(node)
  const tone = problem === undefined ? response && toneOf(response.status) : 'red'
  const subject = subjectOf(node)
  return (
    <div
      className={classes.card}
      data-tone={tone}
      data-busy={isBusy(response)}
      data-selected={selected}
      style={{ width, height }}
    >
      <Handle type="target" position={Position.Left} className={classes.handle} isConnectable={false} />
      <div className={classes.heading}>
        <StepIcon kind={node.kind} />
        <span className={classes.title}>{titleOf(node)}</span>
        {node.ref !== undefined && <span className={classes.ref}>{node.ref}</span>}
      </div>
      <div className={classes.line} title={subject}>
        {subject || ' '}
      </div>
      <div className={`${classes.line} ${classes.state} tabular`}>
        {problem ?? <State response={response} />}
      </div>
      <Handle type="source" position={Position.Right} className={classes.handle} isConnectable={false} />
    </div>
  )
})

const isBusy = (response: StepResponse | undefined): boolean =>
  response?.startTime !== undefined && response.endTime === undefined

/** Only what is under way looks at the clock. */
function State({ response }: { response: StepResponse | undefined }) {
  const now = useClock(isBusy(response))
  if (response === undefined) return null
  const seconds = secondsOf(response, now)
  const attempts = response.retries?.attempts ?? 0
  return [
    wordsOf(response.status),
    ...(seconds === undefined ? [] : [durationWords(seconds)]),
    ...(attempts > 1 ? [`attempt ${attempts}`] : []),
  ].join(' · ')
}

const TICK_MS = 500

function useClock(isTicking: boolean): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    if (!isTicking) return
    const timer = setInterval(() => setNow(new Date()), TICK_MS)
    return () => clearInterval(timer)
  }, [isTicking])
  return now
}
