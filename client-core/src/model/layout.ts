/** Model weights as ONE flat vector, tensors in layout order, each row-major. */
export type Params = Float32Array

/** One tensor of a model: its name as the model's topology spells it, and its shape. */
export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
}

/** Where each tensor of a model lies in its flat `Params`. */
export interface Layout {
  readonly tensors: readonly TensorSpec[]
  /** Number of params: the sum of the tensors' sizes. */
  readonly size: number
}

export const tensorSize = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)

/** @throws RangeError if a shape has a length that is not a positive integer. */
export function makeLayout(tensors: readonly TensorSpec[]): Layout {
  let size = 0
  for (const { name, shape } of tensors) {
    if (!shape.every((length) => Number.isInteger(length) && length > 0))
      throw new RangeError(`layout: tensor ${name} has shape [${shape.join(', ')}]; every length must be 1 or more`)
    size += tensorSize(shape)
  }
  return { tensors, size }
}

/** The tensors of `params`, as views (no copy), in layout order. @throws RangeError on a wrong length. */
export function tensorViews(params: Params, layout: Layout): Float32Array[] {
  if (params.length !== layout.size)
    throw new RangeError(`layout: ${params.length} params where the layout has ${layout.size}`)
  let offset = 0
  return layout.tensors.map(({ shape }) => params.subarray(offset, (offset += tensorSize(shape))))
}
