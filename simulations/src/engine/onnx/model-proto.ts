import { PbfWriter } from 'pbf'

/** ONNX's element types, by the numbers that onnx.proto gives them. */
export const elementTypes = { float32: 1, int64: 7, bool: 9 } as const
export type ElementType = keyof typeof elementTypes

/** A dimension: so long, or a name for a length that is known when it runs. */
export type Dimension = number | string

export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly Dimension[]
}

export interface Initializer {
  readonly name: string
  readonly dims: readonly number[]
  readonly values: Float32Array | BigInt64Array
}

export type Attribute = number | string | readonly number[] | { readonly float: number } | Graph
export type Attributes = Readonly<Record<string, Attribute>>

export interface Node {
  /** Of a domain that is not ONNX's own: `domain.Op`. */
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Attributes
}

export interface Graph {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
}

/** The version of ONNX's operators that graphs are written in. */
const opset = 17
const irVersion = 8
/** Of onnxruntime's operators: the only one that there is. */
const otherOpset = 1

function domainOf(op: string): readonly [domain: string, name: string] {
  const dot = op.lastIndexOf('.')
  return [op.slice(0, Math.max(0, dot)), op.slice(dot + 1)]
}

function domainsIn({ nodes }: Graph): Set<string> {
  const domains = new Set<string>()
  for (const { op, attributes } of nodes) {
    domains.add(domainOf(op)[0])
    for (const value of Object.values(attributes))
      if (typeof value === 'object' && 'nodes' in value) for (const inner of domainsIn(value)) domains.add(inner)
  }
  return domains
}

/** A graph as the bytes that onnxruntime reads. Field numbers are those of onnx.proto3 (onnx/onnx, IR version 8). */
export function encodeModel(graph: Graph): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, irVersion)
  pbf.writeMessage(7, writeGraph, graph)
  for (const domain of domainsIn(graph).add('')) pbf.writeMessage(8, writeOpset, domain)
  return pbf.finish()
}

function writeOpset(domain: string, pbf: PbfWriter): void {
  if (domain !== '') pbf.writeStringField(1, domain)
  pbf.writeVarintField(2, domain === '' ? opset : otherOpset)
}

function writeGraph({ name, nodes, initializers, inputs, outputs }: Graph, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node)
  pbf.writeStringField(2, name)
  for (const initializer of initializers) pbf.writeMessage(5, writeTensor, initializer)
  for (const input of inputs) pbf.writeMessage(11, writeValueInfo, input)
  for (const output of outputs) pbf.writeMessage(12, writeValueInfo, output)
}

function writeNode({ op, inputs, outputs, attributes }: Node, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input)
  for (const output of outputs) pbf.writeStringField(2, output)
  const [domain, name] = domainOf(op)
  pbf.writeStringField(4, name)
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, attribute)
  if (domain !== '') pbf.writeStringField(7, domain)
}

const attributeTypes = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const

function writeAttribute([name, value]: [string, Attribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name)
  const type = (of: keyof typeof attributeTypes) => pbf.writeVarintField(20, attributeTypes[of])
  if (typeof value === 'number') {
    pbf.writeVarintField(3, value)
    type('int')
  } else if (typeof value === 'string') {
    pbf.writeBytesField(4, new TextEncoder().encode(value))
    type('string')
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float)
    type('float')
  } else if ('nodes' in value) {
    pbf.writeMessage(6, writeGraph, value)
    type('graph')
  } else {
    for (const each of value) pbf.writeVarintField(8, each)
    type('ints')
  }
}

function writeTensor({ name, dims, values }: Initializer, pbf: PbfWriter): void {
  for (const dim of dims) pbf.writeVarintField(1, dim)
  pbf.writeVarintField(2, elementTypes[values instanceof Float32Array ? 'float32' : 'int64'])
  pbf.writeStringField(8, name)
  pbf.writeBytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
}

function writeValueInfo({ name, type, dims }: ValueInfo, pbf: PbfWriter): void {
  pbf.writeStringField(1, name)
  const dimension = (dim: Dimension, out: PbfWriter): void => {
    if (typeof dim === 'number') out.writeVarintField(1, dim)
    else out.writeStringField(2, dim)
  }
  const shape = (all: readonly Dimension[], out: PbfWriter): void =>
    all.forEach((dim) => out.writeMessage(1, dimension, dim))
  const tensor = (of: { type: ElementType; dims: readonly Dimension[] }, out: PbfWriter): void => {
    out.writeVarintField(1, elementTypes[of.type])
    out.writeMessage(2, shape, of.dims)
  }
  pbf.writeMessage(
    2,
    (of: { type: ElementType; dims: readonly Dimension[] }, out: PbfWriter) => out.writeMessage(1, tensor, of),
    { type, dims },
  )
}
