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
}

const COLOURS = ['#1098ad', '#e8590c', '#5f3dc4', '#2b8a3e', '#c2255c', '#1864ab', '#a61e4d', '#5c940d']

/** Lines over time; the legend shows the values under the pointer. */
export function TimeChart({ title, series, digits, height = 200 }: TimeChartProps) {
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
        axes: [axis, { ...axis, size: 56 }],
        scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 10 ** -digits)] } },
        series: [
          {},
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
  }, [series, width, height, dark, digits])
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
