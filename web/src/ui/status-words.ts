const GOOD = [
  'bound',
  'verified',
  'judged',
  'sent',
  'success',
  'completed',
  'running',
  'ready',
  'active',
  'deployed',
  'healthy',
  'approved',
  'in-sync',
]
const BAD = [
  'refused',
  'expired',
  'failure',
  'failed',
  'error',
  'crashed',
  'rejected',
  'unhealthy',
  'crashloop',
  'disabled',
  'failing',
  'conflict',
  'invalid',
  'unreachable',
]
const BUSY = [
  'pending',
  'queued',
  'starting',
  'cloning',
  'building',
  'uploading',
  'in_progress',
  'async_wait',
  'waiting',
  'restoring',
  'draining',
  'staging',
  'issuing',
  'triggered',
  'renewing',
]

const plain = (status: string): string => status.toLowerCase().replace(/^task_/, '')

/** A colour of the theme for a status of any resource. */
export function toneOf(status: string): 'green' | 'red' | 'blue' | 'gray' {
  const word = plain(status)
  if (GOOD.includes(word)) return 'green'
  if (BAD.includes(word)) return 'red'
  return BUSY.includes(word) ? 'blue' : 'gray'
}

/** `TASK_RUNNING` → `running`, `async_wait` → `async wait`. */
export const wordsOf = (status: string): string => plain(status).replaceAll('_', ' ')
