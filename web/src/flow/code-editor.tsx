import { autocompletion, type CompletionContext, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { yaml } from '@codemirror/lang-yaml'
import {
  bracketMatching,
  defaultHighlightStyle,
  foldGutter,
  HighlightStyle,
  syntaxHighlighting,
} from '@codemirror/language'
import { linter, lintGutter } from '@codemirror/lint'
import { EditorState, Transaction } from '@codemirror/state'
import { EditorView, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import type { Format, TextProblem } from './document-text.ts'

type CodeEditorProps = {
  text: string
  format: Format
  problemsOf: (text: string) => TextProblem[]
  /** What may stand in `${…}`. */
  expressions: readonly string[]
  onChange: (text: string) => void
}

/** The usual colours, lighter where the page is dark. */
const highlights = HighlightStyle.define(
  defaultHighlightStyle.specs.map(({ color, ...spec }) =>
    typeof color === 'string'
      ? { ...spec, color: `light-dark(${color}, color-mix(in srgb, ${color} 30%, white))` }
      : spec,
  ),
)

/** A document as text; what is wrong is marked at its line. */
export function CodeEditor({ text, format, problemsOf, expressions, onChange }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const latest = useRef({ problemsOf, expressions, onChange })
  latest.current = { problemsOf, expressions, onChange }
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is put in below when it differs; typing must not make a new editor.
  useEffect(() => {
    if (place.current === null) return
    const complete = (context: CompletionContext) => completionsAt(context, latest.current.expressions)
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          foldGutter(),
          history(),
          bracketMatching(),
          syntaxHighlighting(highlights, { fallback: true }),
          format === 'json' ? json() : yaml(),
          lintGutter(),
          linter((at) =>
            latest.current.problemsOf(at.state.doc.toString()).map((one) => ({ ...one, severity: 'error' })),
          ),
          autocompletion({ override: [complete] }),
          keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
          EditorView.contentAttributes.of({ 'aria-label': 'Document' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some(isOurs))
              latest.current.onChange(update.state.doc.toString())
          }),
          EditorView.theme({
            '&': { height: '100%' },
            '.cm-content': { caretColor: 'var(--mantine-color-text)' },
            '.cm-gutters': {
              backgroundColor: 'var(--mantine-color-body)',
              color: 'var(--mantine-color-dimmed)',
            },
            '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)' },
          }),
        ],
      }),
    })
    // Whoever has no mouse scrolls it too.
    editor.scrollDOM.tabIndex = 0
    view.current = editor
    return () => editor.destroy()
  }, [format])
  useEffect(() => {
    const editor = view.current
    if (editor === null || editor.state.doc.toString() === text || editor.hasFocus) return
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: text },
      annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)],
    })
  }, [text])
  return <div ref={place} style={{ height: '100%', overflow: 'hidden' }} />
}

/** The text follows the document; nobody typed it. */
const isOurs = (transaction: Transaction): boolean => transaction.annotation(Transaction.remote) === true

function completionsAt(context: CompletionContext, expressions: readonly string[]) {
  const begun = context.matchBefore(/\$\{[\w.-]*/)
  if (begun === null) return null
  return {
    from: begun.from + 2,
    options: expressions.map((label) => ({ label, type: 'variable' })),
    validFor: /^[\w.-]*$/,
  }
}
