import { z } from 'zod'

/** Every part may be left out; lists are given whole. */
export type PatchOf<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: PatchOf<T[K]> | undefined }
    : T

/**
 * The schema of a partial change of `schema`: nothing is required and no default is filled in. Rules that span
 * fields are not checked here; the changed whole is checked by `schema` itself.
 */
export function patchOf<S extends z.ZodObject>(schema: S): z.ZodType<PatchOf<z.input<S>>> {
  return loosened(schema) as unknown as z.ZodType<PatchOf<z.input<S>>>
}

function loosened(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return loosened(schema.unwrap() as z.ZodType)
  }
  if (schema instanceof z.ZodNullable) return loosened(schema.unwrap() as z.ZodType).nullable()
  if (schema instanceof z.ZodPipe && schema.out instanceof z.ZodTransform)
    return loosened(schema.in as z.ZodType)
  if (!(schema instanceof z.ZodObject)) return schema
  const shape = Object.entries(schema.shape as Record<string, z.ZodType>)
  return z.strictObject(Object.fromEntries(shape.map(([key, part]) => [key, loosened(part).optional()])))
}
