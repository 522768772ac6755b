import '@xyflow/react/dist/style.css'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { useComputedColorScheme } from '@mantine/core'
import { Background, Controls, type Edge, MarkerType, type Node, ReactFlow } from '@xyflow/react'
import { useMemo } from 'react'
import { ContainerCard } from './container-card.tsx'
import { type Layout, layoutOf, type StepPath } from './layout.ts'
import { StepCard, type StepData } from './step-card.tsx'
import { isContainer, subjectOf, titleOf } from './steps.ts'

const nodeTypes = { step: StepCard, container: ContainerCard }

type FlowCanvasProps = {
  root: FlowNode
  selected?: StepPath | undefined
  onSelect?: (path: StepPath | undefined) => void
  /** A sentence for steps that are wrong, by path. */
  problems?: ReadonlyMap<StepPath, string>
  /** Given while steps run, so that their times go on. */
  now?: Date
  height?: number | string
}

/** A flow as a picture: of a document, or of a run when the steps carry responses. */
export function FlowCanvas({ root, selected, onSelect, problems, now, height = 460 }: FlowCanvasProps) {
  const scheme = useComputedColorScheme('light')
  const layout = useMemo(() => layoutOf(root), [root])
  const nodes = useMemo(() => nodesOf(layout, { selected, problems, now }), [layout, selected, problems, now])
  const edges = useMemo(() => edgesOf(layout), [layout])
  return (
    <section style={{ height }} aria-label="Flow">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={scheme}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        minZoom={0.1}
        onlyRenderVisibleElements={layout.placed.length > 100}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        nodesFocusable={onSelect !== undefined}
        edgesFocusable={false}
        onNodeClick={(_, node) => onSelect?.(pathOf(node.id))}
        onPaneClick={() => onSelect?.(undefined)}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  )
}

/** xyflow wants names that are not empty. */
const idOf = (path: StepPath): string => `step-${path}`
const pathOf = (id: string): StepPath => id.slice('step-'.length)

type Shown = {
  selected: StepPath | undefined
  problems: ReadonlyMap<StepPath, string> | undefined
  now: Date | undefined
}

function nodesOf(layout: Layout, { selected, problems, now }: Shown): Node[] {
  return layout.placed.map((placed): Node => {
    const problem = problems?.get(placed.path)
    const data: StepData = {
      placed,
      selected: placed.path === selected,
      now,
      ...(problem !== undefined && { problem }),
    }
    const { x, y, width, height } = placed
    return {
      id: idOf(placed.path),
      type: placed.container ? 'container' : 'step',
      position: { x, y },
      width,
      height,
      data,
      zIndex: placed.path === '' ? 0 : placed.path.split('.').length + (placed.container ? 0 : 1),
      ariaLabel: `${titleOf(placed.node)} ${subjectOf(placed.node)}`.trim(),
    }
  })
}

const edgesOf = ({ lines, placed }: Layout): Edge[] => {
  const depth = new Map(placed.map(({ path, node }) => [path, isContainer(node)]))
  return lines.map(({ from, to }) => ({
    id: `${from}-${to}`,
    source: idOf(from),
    target: idOf(to),
    markerEnd: { type: MarkerType.ArrowClosed },
    zIndex: depth.get(from) === true ? 1 : 2,
  }))
}
