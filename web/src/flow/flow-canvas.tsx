import '@xyflow/react/dist/style.css'
import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { useComputedColorScheme } from '@mantine/core'
import { Background, Controls, type Edge, MarkerType, type Node, ReactFlow } from '@xyflow/react'
import { type KeyboardEvent, memo, useMemo, useRef } from 'react'
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
  height?: number | string
}

/** A flow as a picture: of a document, or of a run when the steps carry responses. */
export const FlowCanvas = memo(({ root, selected, onSelect, problems, height = 460 }: FlowCanvasProps) => {
  const scheme = useComputedColorScheme('light')
  const layout = useMemo(() => layoutOf(root), [root])
  const before = useRef<ReadonlyMap<string, Node>>(new Map())
  const nodes = useMemo(() => {
    const next = nodesOf(layout, { selected, problems }, before.current)
    before.current = new Map(next.map((node) => [node.id, node]))
    return next
  }, [layout, selected, problems])
  const edges = useMemo(() => edgesOf(layout), [layout])
  return (
    <section style={{ height }} aria-label="Flow" onKeyDown={(event) => chooseByKey(event, onSelect)}>
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
})

/** Steps are reached by Tab; Enter and Space choose one as a click does. */
function chooseByKey(event: KeyboardEvent<HTMLElement>, onSelect: FlowCanvasProps['onSelect']): void {
  const id = event.target instanceof HTMLElement ? event.target.dataset.id : undefined
  if (id === undefined || (event.key !== 'Enter' && event.key !== ' ')) return
  event.preventDefault()
  onSelect?.(pathOf(id))
}

/** xyflow wants names that are not empty. */
const idOf = (path: StepPath): string => `step-${path}`
const pathOf = (id: string): StepPath => id.slice('step-'.length)

type Shown = {
  selected: StepPath | undefined
  problems: ReadonlyMap<StepPath, string> | undefined
}

/** What did not change stays the same object, so that it is not drawn again. */
function nodesOf(layout: Layout, { selected, problems }: Shown, before: ReadonlyMap<string, Node>): Node[] {
  return layout.placed.map((placed): Node => {
    const id = idOf(placed.path)
    const problem = problems?.get(placed.path)
    const data: StepData = {
      placed,
      selected: placed.path === selected,
      ...(problem !== undefined && { problem }),
    }
    const known = before.get(id)
    return known !== undefined && isSame(known.data as StepData, data) ? known : nodeOf(id, data)
  })
}

const isSame = (a: StepData, b: StepData): boolean =>
  a.selected === b.selected &&
  a.problem === b.problem &&
  a.placed.node === b.placed.node &&
  a.placed.x === b.placed.x &&
  a.placed.y === b.placed.y &&
  a.placed.width === b.placed.width &&
  a.placed.height === b.placed.height

function nodeOf(id: string, data: StepData): Node {
  const { path, node, container, x, y, width, height } = data.placed
  return {
    id,
    type: container ? 'container' : 'step',
    position: { x, y },
    width,
    height,
    data,
    zIndex: path === '' ? 0 : path.split('.').length + (container ? 0 : 1),
    ariaLabel: `${titleOf(node)} ${subjectOf(node)}`.trim(),
  }
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
