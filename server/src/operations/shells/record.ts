import type { Db } from '../../db/db.ts'
import { recordEvent } from '../../db/events.ts'

export type ShellPlace = { projectId: string; ownerId: string; instance: string; actor: string }

/** Who opened a command where. Never what was typed or shown, nor the command: it may hold secrets. */
export const recordShellOpened = (db: Db, place: ShellPlace): Promise<void> =>
  record(db, place, 'shell.open', {})

/** `exitCode` is null when the command was cut off. */
export const recordShellClosed = (
  db: Db,
  place: ShellPlace,
  end: { exitCode: number | null; seconds: number },
): Promise<void> => record(db, place, 'shell.close', end)

const record = (
  db: Db,
  { projectId, ownerId, instance, actor }: ShellPlace,
  type: string,
  data: Record<string, unknown>,
): Promise<void> =>
  recordEvent(db, {
    projectId,
    topic: 'audit',
    subject: `${projectId}/${ownerId}`,
    type,
    actor,
    data: { instance, ...data },
  })
