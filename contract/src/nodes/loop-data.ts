import { z } from 'zod'

/** Carries nothing: inside a loop its ref gives `item` and `index`. */
export const loopDataSpec = z.strictObject({})
