import type { StepResponse } from './steps.ts'

/** `3.5 s`, `2 m 5 s`, `1 h 3 m`. */
export function durationWords(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} m ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} m`
}

/** How long a step took, or runs already; undefined before it starts. */
export function secondsOf(response: StepResponse | undefined, now: Date): number | undefined {
  if (response?.startTime === undefined) return undefined
  return Math.max(0, (response.endTime ?? now.getTime() / 1000) - response.startTime)
}
