import type {
  Attribute,
  Attributes,
  Dimension,
  ElementType,
  Graph,
  Initializer,
  Node,
  ValueInfo,
} from './model-proto.ts'

/** What all graphs of one model share: names are unique in all of them, constants are written once. */
interface Shared {
  count: number
  readonly constants: Map<string, string>
  readonly initializers: Initializer[]
}

/** Writes a graph, operator by operator; a value is its name. A graph inside another one sees the values outside. */
export class GraphBuilder {
  readonly #shared: Shared
  readonly #isInner: boolean
  readonly #nodes: Node[] = []
  readonly #inputs: ValueInfo[] = []

  constructor(outer?: GraphBuilder) {
    this.#shared = outer !== undefined ? outer.#shared : { count: 0, constants: new Map(), initializers: [] }
    this.#isInner = outer !== undefined
  }

  input(type: ElementType, dims: readonly Dimension[], name = this.#name('in')): string {
    this.#inputs.push({ name, type, dims })
    return name
  }

  /** The one output of an operator; an input of '' is left out. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.ops(op, inputs, 1, attributes)[0]!
  }

  ops(op: string, inputs: readonly string[], numOutputs: number, attributes: Attributes = {}): string[] {
    const outputs = Array.from({ length: numOutputs }, () => this.#name(op.toLowerCase()))
    this.#nodes.push({ op, inputs, outputs, attributes })
    return outputs
  }

  /** A constant of float32; a scalar where no dims are given. */
  float(values: number | Float32Array, dims: readonly number[] = []): string {
    return this.#constant(typeof values === 'number' ? Float32Array.of(values) : values, dims)
  }

  /** A constant vector of int64; a scalar of one number. */
  int(values: number | readonly number[]): string {
    return typeof values === 'number'
      ? this.#constant(BigInt64Array.of(BigInt(values)), [])
      : this.#constant(BigInt64Array.from(values, BigInt), [values.length])
  }

  /** A graph for the attribute of an operator of this one. */
  inner(write: (graph: GraphBuilder) => readonly ValueInfo[]): Attribute {
    const graph = new GraphBuilder(this)
    return graph.build(write(graph))
  }

  build(outputs: readonly ValueInfo[]): Graph {
    return {
      name: this.#name('graph'),
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs,
      initializers: this.#isInner ? [] : this.#shared.initializers,
    }
  }

  #constant(values: Float32Array | BigInt64Array, dims: readonly number[]): string {
    const key = `${values instanceof Float32Array ? 'f' : 'i'} ${dims.join()} ${values.length > 64 ? this.#name('large') : values.join()}`
    const known = this.#shared.constants.get(key)
    if (known !== undefined) return known
    const name = this.#name('const')
    this.#shared.constants.set(key, name)
    this.#shared.initializers.push({ name, dims, values })
    return name
  }

  #name(what: string): string {
    return `${what}_${this.#shared.count++}`
  }
}
