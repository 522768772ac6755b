import type { LoadReport, PhaseReport } from '../load/load-report.ts'

/** What the demo measured, from the caller's side of the gateway. */
export type Receipt = {
  requests: number
  failed: number
  longestGapMs: number
  phases: Record<string, PhaseReport>
  webSockets: { opened: number; restarted: number; failed: number }
  seconds: number
}

export const receiptOf = (report: LoadReport): Receipt => ({
  requests: report.requests,
  failed: report.failed + report.webSockets.failed,
  longestGapMs: report.longestGapMs,
  phases: report.phases,
  webSockets: {
    opened: report.webSockets.opened,
    restarted: report.webSockets.restarted,
    failed: report.webSockets.failed,
  },
  seconds: Number((report.durationMs / 1000).toFixed(1)),
})

/** For people. */
export function printReceipt(receipt: Receipt): string {
  const rows = Object.entries(receipt.phases).map(([name, phase]) =>
    [
      name.padEnd(10),
      String(phase.requests).padStart(9),
      String(phase.failed).padStart(7),
      `${phase.longestGapMs} ms`.padStart(12),
      `${phase.latencyMs.p50} ms`.padStart(10),
      `${phase.latencyMs.p99} ms`.padStart(10),
    ].join(''),
  )
  const head = 'phase      requests failed longest gap       p50       p99'
  const sockets = receipt.webSockets
  return [
    head,
    ...rows,
    `in all: ${receipt.requests} requests in ${receipt.seconds} s, ${receipt.failed} failed; longest gap ${receipt.longestGapMs} ms;`,
    `${sockets.opened} WebSockets opened, ${sockets.restarted} moved on after their drain (1012), ${sockets.failed} lost`,
  ].join('\n')
}
