import type { BuildStatus, RunStatus } from '@fairway/contract/states'
import type { ReportState } from './host-reporter-port.ts'

/** The most that GitHub shows of a status. */
const LONGEST = 140

export type Words = { state: ReportState; sentence: string }

const BUILD_STATES: Readonly<Partial<Record<BuildStatus, ReportState>>> = {
  SUCCESS: 'success',
  FAILURE: 'failure',
  ABORTED: 'error',
  CRASHED: 'error',
}

const BUILD_ENDS: Readonly<Partial<Record<BuildStatus, string>>> = {
  SUCCESS: 'succeeded',
  FAILURE: 'failed',
  ABORTED: 'was aborted',
  CRASHED: 'crashed',
}

/** What is said of a build: every state before its end is one. */
export function wordsOfBuild(build: {
  id: string
  status: BuildStatus
  error: { message: string } | null
}): Words {
  const state = BUILD_STATES[build.status] ?? 'pending'
  const why = build.error === null || state === 'success' ? '' : `: ${build.error.message}`
  const end = BUILD_ENDS[build.status] ?? 'is under way'
  return { state, sentence: `Build ${build.id} ${end}${why === '' ? '.' : why}` }
}

const RUN_WORDS: Readonly<Record<RunStatus, Words>> = {
  pending: { state: 'pending', sentence: 'The release is under way.' },
  queued: { state: 'pending', sentence: 'The release waits for its turn.' },
  running: { state: 'pending', sentence: 'The release is under way.' },
  aborting: { state: 'pending', sentence: 'The release is being aborted.' },
  success: { state: 'success', sentence: 'Released.' },
  failure: { state: 'failure', sentence: 'The release failed.' },
  aborted: { state: 'error', sentence: 'The release was aborted.' },
  skipped: { state: 'error', sentence: 'A newer release took its place.' },
}

export function wordsOfRun({ status, message }: { status: RunStatus; message: string | null }): Words {
  const words = RUN_WORDS[status]
  return status === 'failure' && message !== null
    ? { ...words, sentence: `The release failed: ${message}` }
    : words
}

/** One line that fits a status. */
export function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1).toWellFormed()}…`
}

/** Text of others, file names for instance, as it is: no markup, no mention of people, no link to an issue. */
export const plain = (text: string): string =>
  text
    .replace(/[\\`*_[\]<>#|~!&]/g, (sign) => `\\${sign}`)
    .replaceAll('@', '@\u200b')
    .replace(/https?:/gi, (scheme) => scheme.replace(':', ':\u200b'))

const EMOJI: Readonly<Record<ReportState, string>> = {
  pending: '⏳',
  success: '✅',
  failure: '❌',
  error: '⚠️',
}

export type CommentParts = {
  name: string
  sha: string
  words: Words | { notBuilt: string }
  url: string | null
}

/** What stands on a pull request about one service. */
export function commentOf({ name, sha, words, url }: CommentParts): string {
  const commit = `\`${sha.slice(0, 12)}\``
  const details = url === null ? '' : ` [Details](${url})`
  if ('notBuilt' in words)
    return `**${plain(name)}** did not build ${commit}: ${plain(words.notBuilt)}${details}`
  return `${EMOJI[words.state]} **${plain(name)}** at ${commit}: ${plain(words.sentence)}${details}`
}
