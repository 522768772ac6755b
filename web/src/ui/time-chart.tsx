import 'uplot/dist/uPlot.min.css'
import { Paper, Text, useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'

type TimeChartProps = {
  title: string
  series: { times: number[]; lines: { name: string; values: (number | null)[] }[] }
  /** After the decimal point. */
  digits: number
  height?: number
  /** Times are seconds since something began, rather than of the clock. */
  isElapsed?: boolean
  /** Moments to mark, in the unit of the times. */
  marks?: readonly { at: number; side: 'new' | 'old' }[]
}

const NO_MARKS: NonNullable<TimeChartProps['marks']> = []

const COLOURS = ['#1098ad', '#e8590c', '#5f3dc4', '#2b8a3e', '#c2255c', '#1864ab', '#a61e4d', '#5c940d']

/** Lines over time; the legend shows the values under the pointer. */
export function TimeChart({
  title,
  series,
  digits,
  height = 200,
  isElapsed = false,
  marks = NO_MARKS,
}: TimeChartProps) {
  const { ref, width } = useElementSize()
  const place = useRef<HTMLDivElement>(null)
  const dark = useComputedColorScheme('light') === 'dark'
  useEffect(() => {
    if (place.current === null || width === 0) return
    const ink = dark ? '#c1c2c5' : '#495057'
    const rule = dark ? '#373a40' : '#e9ecef'
    const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 } }
    const chart = new UPlot(
      {
        width,
        height,
        axes: [
          isElapsed ? { ...axis, values: (_, all) => all.map((at) => `${at} s`) } : axis,
          { ...axis, size: 56 },
        ],
        hooks: { draw: [(drawn) => drawMarks(drawn, marks)] },
        scales: {
          x: { time: !isElapsed },
          y: { range: (_, __, max) => [0, Math.max(max * 1.1, 10 ** -digits)] },
        },
        series: [
          isElapsed
            ? {
                label: 'After',
                value: (_: UPlot, at: number | null) => (at === null ? '–' : `${at.toFixed(1)} s`),
              }
            : {},
          ...series.lines.map(({ name }, index) => ({
            label: name,
            stroke: COLOURS[index % COLOURS.length] ?? ink,
            width: 1.5,
            spanGaps: false,
            value: (_: UPlot, value: number | null) => (value === null ? '–' : value.toFixed(digits)),
          })),
        ],
      },
      [series.times, ...series.lines.map(({ values }) => values)],
      place.current,
    )
    return () => chart.destroy()
  }, [series, width, height, dark, digits, isElapsed, marks])
  return (
    <Paper withBorder p="sm" component="figure" m={0} aria-label={title}>
      <Text component="figcaption" size="sm" fw={650} mb={4}>
        {title}
      </Text>
      <div ref={ref}>
        <div ref={place} />
      </div>
    </Paper>
  )
}

const MARK_COLOURS = { new: '#2b8a3e', old: '#e8590c' } as const

/** Dashed lines from top to bottom. */
function drawMarks(chart: UPlot, marks: readonly { at: number; side: 'new' | 'old' }[]): void {
  const { ctx, bbox } = chart
  ctx.save()
  ctx.lineWidth = 1
  ctx.setLineDash([4, 4])
  for (const { at, side } of marks) {
    const x = chart.valToPos(at, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = MARK_COLOURS[side]
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}
