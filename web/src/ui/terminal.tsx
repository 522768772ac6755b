import { FitAddon } from '@xterm/addon-fit'
import { Terminal as Xterm } from '@xterm/xterm'
import { useEffect, useRef } from 'react'
import '@xterm/xterm/css/xterm.css'
import { openShell, type ShellEnd, type ShellOwner } from '../api/shell.ts'

export type TerminalProps = {
  owner: ShellOwner
  instance: string
  command: string
  onOpen(): void
  onEnd(end: ShellEnd): void
  /** The keys that leave the terminal were pressed. */
  onLeave(): void
}

/** One shell from its opening to its end; another key of the element opens another one. */
export function Terminal(props: TerminalProps) {
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  latest.current = props
  // Opened once; the callbacks are read from the ref.
  useEffect(() => (place.current === null ? undefined : run(place.current, () => latest.current)), [])
  return <div ref={place} style={{ height: 460, padding: 8, background: '#101418', borderRadius: 4 }} />
}

function run(place: HTMLElement, props: () => TerminalProps): () => void {
  const screen = new Xterm({
    fontSize: 13,
    cursorBlink: false,
    screenReaderMode: true,
    theme: { background: '#101418', foreground: '#e6e9ec' },
  })
  const fit = new FitAddon()
  screen.loadAddon(fit)
  screen.open(place)
  fit.fit()
  screen.attachCustomKeyEventHandler((event) => {
    if (!isLeave(event)) return true
    event.preventDefault()
    if (event.type === 'keydown') props().onLeave()
    return false
  })
  const { owner, instance, command } = props()
  const shell = openShell(
    { owner, instance, command, columns: screen.cols, rows: screen.rows },
    {
      onOpen: () => {
        props().onOpen()
        screen.focus()
      },
      onOutput: (text) => screen.write(text),
      onEnd: (end) => {
        screen.options.disableStdin = true
        props().onEnd(end)
      },
    },
  )
  screen.onData((text) => shell.type(text))
  screen.onResize(({ cols, rows }) => shell.resize(cols, rows))
  const watcher = new ResizeObserver(() => fit.fit())
  watcher.observe(place)
  return () => {
    watcher.disconnect()
    shell.close()
    screen.dispose()
  }
}

/** Every other key belongs to the program in the terminal, Tab too. */
const isLeave = ({ ctrlKey, shiftKey, code }: KeyboardEvent): boolean =>
  ctrlKey && shiftKey && code === 'KeyL'
