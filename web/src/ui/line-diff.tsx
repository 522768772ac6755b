import { Text, VisuallyHidden } from '@mantine/core'
import { diffLines } from 'diff'
import { useMemo } from 'react'
import classes from './line-diff.module.css'

export type DiffLine =
  | { kind: 'same' | 'added' | 'removed'; text: string }
  | { kind: 'skipped'; count: number }

/** So many lines around a change are shown. */
const AROUND = 3

/** Pure. What changed from one text to another; long parts that are the same are left out. */
export function diffOf(before: string, after: string): DiffLine[] {
  const parts = diffLines(before, after)
  return parts.flatMap(({ value, added, removed }, index): DiffLine[] => {
    const lines = value.replace(/\n$/, '').split('\n')
    const kind = added ? 'added' : removed ? 'removed' : 'same'
    const shown = lines.map((text) => ({ kind, text }) as const)
    if (kind !== 'same') return shown
    const head = index === 0 ? 0 : AROUND
    const tail = index === parts.length - 1 ? 0 : AROUND
    const count = lines.length - head - tail
    if (count <= 1) return shown
    return [...shown.slice(0, head), { kind: 'skipped', count }, ...(tail === 0 ? [] : shown.slice(-tail))]
  })
}

const SIGNS = { same: ' ', added: '+', removed: '−' } as const
const WORDS = { same: '', added: 'added: ', removed: 'removed: ' } as const

type LineDiffProps = { before: string; after: string; label: string }

/** Two texts, line by line. */
export function LineDiff({ before, after, label }: LineDiffProps) {
  const lines = useMemo(() => diffOf(before, after), [before, after])
  if (before === after) return <Text c="dimmed">They say the same.</Text>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it, too.
    <section className={classes.diff} aria-label={label} tabIndex={0}>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name.
        <Line key={index} line={line} />
      ))}
    </section>
  )
}

function Line({ line }: { line: DiffLine }) {
  if (line.kind === 'skipped') return <div className={classes.skipped}>… {line.count} lines are the same</div>
  return (
    <div className={`${classes.line} ${line.kind === 'same' ? '' : classes[line.kind]}`}>
      <span className={classes.sign} aria-hidden="true">
        {SIGNS[line.kind]}
      </span>
      <VisuallyHidden>{WORDS[line.kind]}</VisuallyHidden>
      <span>{line.text}</span>
    </div>
  )
}
