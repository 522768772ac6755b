import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { isContainer, stepsOf } from './steps.ts'

/** Where a step stands in a document: the numbers of the steps that lead to it, `''` for the root, `1.0` below. */
export type StepPath = string

export type Placed = {
  path: StepPath
  node: FlowNode
  container: boolean
  x: number
  y: number
  width: number
  height: number
}
export type Line = { from: StepPath; to: StepPath }
export type Layout = { placed: Placed[]; lines: Line[]; width: number; height: number }

const CARD = { width: 232, height: 76 } as const
const GAP = { x: 44, y: 16 } as const
const PADDING = 14
const HEADING = 30
const EMPTY = { width: CARD.width, height: 48 } as const

type Block = Omit<Layout, 'lines'> & { lines: Line[] }

/**
 * Places a flow: steps of a sequence from left to right, steps of a parallel workflow below each other. Pure; a flow
 * is a tree of both, so widths add in one and heights in the other.
 */
export function layoutOf(root: FlowNode): Layout {
  return place(root, '')
}

function place(node: FlowNode, path: StepPath): Block {
  if (!isContainer(node)) {
    return { ...CARD, lines: [], placed: [{ path, node, container: false, x: 0, y: 0, ...CARD }] }
  }
  const children = stepsOf(node).map((step, index) => place(step, childPath(path, index)))
  const inner = node.spec.type === 'parallel' ? below(children) : beside(children)
  const width = Math.max(inner.width, EMPTY.width) + 2 * PADDING
  const height = Math.max(inner.height, EMPTY.height) + HEADING + PADDING
  return {
    width,
    height,
    lines:
      node.spec.type === 'parallel' ? inner.lines : [...inner.lines, ...linesBetween(path, children.length)],
    placed: [
      { path, node, container: true, x: 0, y: 0, width, height },
      ...moved(inner.placed, PADDING, HEADING),
    ],
  }
}

export const childPath = (path: StepPath, index: number): StepPath =>
  path === '' ? String(index) : `${path}.${index}`

const linesBetween = (path: StepPath, count: number): Line[] =>
  Array.from({ length: Math.max(0, count - 1) }, (_, index) => ({
    from: childPath(path, index),
    to: childPath(path, index + 1),
  }))

function beside(blocks: readonly Block[]): Block {
  const height = Math.max(0, ...blocks.map((block) => block.height))
  let x = 0
  const placed = blocks.flatMap((block) => {
    const at = moved(block.placed, x, (height - block.height) / 2)
    x += block.width + GAP.x
    return at
  })
  return { placed, height, width: Math.max(0, x - GAP.x), lines: blocks.flatMap(({ lines }) => lines) }
}

function below(blocks: readonly Block[]): Block {
  let y = 0
  const placed = blocks.flatMap((block) => {
    const at = moved(block.placed, 0, y)
    y += block.height + GAP.y
    return at
  })
  const width = Math.max(0, ...blocks.map((block) => block.width))
  return { placed, width, height: Math.max(0, y - GAP.y), lines: blocks.flatMap(({ lines }) => lines) }
}

const moved = (placed: readonly Placed[], x: number, y: number): Placed[] =>
  placed.map((one) => ({ ...one, x: one.x + x, y: one.y + y }))
