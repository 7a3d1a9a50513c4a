import { activation, elu, leakyRelu, relu, softmax } from './activation.ts'
import { conv2d } from './conv2d.ts'
import { dense } from './dense.ts'
import { depthwiseConv2d, separableConv2d } from './depthwise.ts'
import { dropout } from './dropout.ts'
import { embedding } from './embedding.ts'
import type { LayerCompiler } from './layer.ts'
import { batchNormalization, layerNormalization } from './normalization.ts'
import { averagePooling2d, globalAveragePooling, globalMaxPooling, maxPooling2d } from './pooling.ts'
import { gru, lstm, simpleRnn } from './recurrent.ts'
import { reshape } from './shapes.ts'

/** What can be compiled, by tfjs's class names. A new layer is one file and one line here. */
export const layerCompilers: Readonly<Record<string, LayerCompiler>> = {
  Dense: dense,
  Conv2D: conv2d,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  MaxPooling2D: maxPooling2d,
  AveragePooling2D: averagePooling2d,
  GlobalAveragePooling1D: globalAveragePooling,
  GlobalAveragePooling2D: globalAveragePooling,
  GlobalMaxPooling1D: globalMaxPooling,
  GlobalMaxPooling2D: globalMaxPooling,
  Embedding: embedding,
  SimpleRNN: simpleRnn,
  LSTM: lstm,
  GRU: gru,
  Flatten: reshape,
  Reshape: reshape,
  Activation: activation,
  ReLU: relu,
  LeakyReLU: leakyRelu,
  ELU: elu,
  Softmax: softmax,
  Dropout: dropout,
}
