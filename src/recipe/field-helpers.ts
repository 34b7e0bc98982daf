import { z } from 'zod';

/** A seed like every other seed of the recipe: a 32-bit whole number, 1337 unless given. */
export function seedField(description: string) {
  return z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1337)
    .meta({ description });
}

/** The value of a section while its fields may still be wrong. */
type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/**
 * A check between fields of one section. It runs even where single fields are wrong, so that one look at a recipe
 * shows all its problems; so `holds` may see any value in any field.
 * `path` is relative to the section; `message` is the whole sentence shown to the person.
 */
export function rule<T extends object>(
  holds: (section: Unchecked<T>) => boolean,
  path: readonly (string | number)[],
  message: string,
): z.core.$ZodCheck<T> {
  return z.refine<T>((section) => holds(section), {
    path: [...path],
    message,
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  });
}
