import type { FlowNode } from '@fairway/contract/nodes/kinds'
import { useDeferredValue, useMemo, useState } from 'react'
import { isSameDocument } from '../../flow/document-of.ts'
import { type Format, problemsOf, readText, writeText } from '../../flow/document-text.ts'
import { useHistory } from '../../flow/use-history.ts'

type Document = Record<string, unknown>
export type FlowDraft = ReturnType<typeof useFlowDraft>

const NOTHING = { kind: 'Workflow', spec: { type: 'sequential', steps: [] } }

/** A document while it is changed: as steps and as text, with its past. Text that cannot be read changes no step. */
export function useFlowDraft(saved: Document) {
  const [format, setFormat] = useState<Format>('yaml')
  const [typed, setTyped] = useState<string>()
  const history = useHistory(saved)
  // A key in a form is drawn first; the text of a large flow follows a moment later.
  const settled = useDeferredValue(history.value)
  const written = useMemo(() => writeText(settled, format), [settled, format])
  const text = typed ?? written
  const problems = useMemo(
    () => (typed === undefined ? problemsOf(settled) : readText(typed).problems),
    [typed, settled],
  )
  /** The text follows the steps again. */
  const afterwards = (work: () => void) => () => {
    setTyped(undefined)
    work()
  }
  return {
    document: history.value,
    root: (history.value.spec ?? NOTHING) as FlowNode,
    text,
    problems,
    format,
    isChanged: useMemo(() => !isSameDocument(history.value, saved), [history.value, saved]),
    canUndo: history.canUndo,
    canRedo: history.canRedo,
    undo: afterwards(history.undo),
    redo: afterwards(history.redo),
    change: (spec: FlowNode) => afterwards(() => history.change({ ...history.value, spec }))(),
    changeDocument: (next: Document) => afterwards(() => history.change(next))(),
    /** Begins anew from what is saved. */
    restart: (next: Document) => afterwards(() => history.restart(next))(),
    setFormat: (next: Format) => afterwards(() => setFormat(next))(),
    type: (next: string) => {
      setTyped(next)
      const { document } = readText(next)
      if (document !== undefined) history.change(document)
    },
  }
}
