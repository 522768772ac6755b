import { z } from 'zod'
import type { Values } from './values.ts'

/** Backs up a running addon. */
export const addonBackupSpec = <W>(values: Values<W>) =>
  z.strictObject({
    projectId: values.text(200).optional(),
    addonId: values.text(200),
    backupType: values.oneOf('snapshot', 'dump').optional().describe('Default snapshot.'),
    compressionType: values.oneOf('gz', 'zstd', 'none').optional(),
    customDestinationId: values.text(200).optional(),
    additionalDestinations: values
      .list(
        z.strictObject({
          destinationId: values.text(200),
          retentionTime: values.integer(1, 3650).optional().describe('Days.'),
          type: values.oneOf('custom').optional(),
        }),
        10,
      )
      .optional(),
  })
export type AddonBackupSpec = z.infer<ReturnType<typeof addonBackupSpec<never>>>
