import { Text, Tooltip } from '@mantine/core'
import { useInterval } from '@mantine/hooks'
import { useState } from 'react'

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]
const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** How long ago, in words; pure. */
export function agoWords(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000)
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  return format.format(Math.trunc(seconds / size), unit)
}

/** A time as people say it; the exact one on hover. */
export function Ago({ at }: { at: string }) {
  const [now, setNow] = useState(() => new Date())
  useInterval(() => setNow(new Date()), 10_000, { autoInvoke: true })
  const date = new Date(at)
  return (
    <Tooltip label={date.toLocaleString()}>
      <Text component="time" dateTime={at} inherit>
        {agoWords(date, now)}
      </Text>
    </Tooltip>
  )
}
