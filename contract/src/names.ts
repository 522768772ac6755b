import { z } from 'zod'

/** Northflank's rule for names; the id is the slug of the name. */
export const namePattern = /^[a-zA-Z]((-|\s)?[a-zA-Z0-9]+((-|\s)[a-zA-Z0-9]+)*)?$/

export const slugOf = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, '-')

/** A resource name between `min` and `max` characters. */
export const nameOf = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(namePattern, 'must start with a letter and hold letters, digits, single dashes or spaces')

export const description = z.string().max(200).default('')

/** The id of a resource in a path or a reference. */
export const resourceId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes')
