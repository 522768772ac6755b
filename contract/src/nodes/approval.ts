import { z } from 'zod'
import type { Values } from './values.ts'

/** Waits until `amount` different people have approved. One rejection fails it. */
export const approvalSpec = <W>(values: Values<W>) => z.strictObject({ amount: values.integer(1, 20) })
export type ApprovalSpec = z.infer<ReturnType<typeof approvalSpec<never>>>
