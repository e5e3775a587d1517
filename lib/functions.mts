export {
  crc32,
  echo,
  type HistogramArg,
  histogram,
  noop,
  type SumArg,
  spin,
  sum,
  type TranslateArg,
  translate,
} from './functions.js';
