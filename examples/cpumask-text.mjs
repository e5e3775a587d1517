// How do I read and write cpumasks as the kernel does?
import { CpuMask, cpus } from 'padata';

// Lists, as in cpuset.cpus and `taskset -c`; bitmaps, as in /sys/kernel/pcrypt/…/parallel_cpumask and `taskset`.
console.log(CpuMask.parseList('0-3,8').toString(16));
console.log(CpuMask.parse('1,00000000').toList());
console.log(CpuMask.from('0-31:1/4').toList()); // the first of each 4
console.log(CpuMask.from('0xff00').toList(), CpuMask.from(0b101n).toList(), CpuMask.of(5, 7, 6).toList());

const mask = CpuMask.from('0-7');
console.log(
  mask.andNot('0,4').toList(),
  mask.and('6-9').toList(),
  mask.or('12').toList(),
  mask.weight,
  [...mask].at(-1),
);

try {
  CpuMask.parse('100', 8); // what a kernel with 8 CPUs says
} catch (error) {
  console.log(/** @type {NodeJS.ErrnoException} */ (error).code);
}
console.log(cpus.allowed().and(cpus.online()).equals(cpus.allowed()));
