import { Handle, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import { toneOf } from '../ui/status-words.ts'
import classes from './step-card.module.css'
import type { StepData } from './step-card.tsx'
import { responseOf, stepsOf, titleOf } from './steps.ts'

/** A workflow or a loop: the frame around its steps. */
export const ContainerCard = memo(({ data }: NodeProps) => {
  const { placed, selected, problem } = data as StepData
  const { node, width, height } = placed
  const response = responseOf(node)
  const tone = problem === undefined ? response && toneOf(response.status) : 'red'
  return (
    <div className={classes.container} data-tone={tone} data-selected={selected} style={{ width, height }}>
      <Handle type="target" position={Position.Left} className={classes.handle} isConnectable={false} />
      <div className={`${classes.line} ${classes.frame}`}>
        {titleOf(node)}
        {node.ref === undefined ? '' : ` · ${node.ref}`}
        {problem === undefined ? '' : ` · ${problem}`}
      </div>
      {stepsOf(node).length === 0 && <div className={`${classes.line} ${classes.state}`}>No steps yet</div>}
      <Handle type="source" position={Position.Right} className={classes.handle} isConnectable={false} />
    </div>
  )
})
