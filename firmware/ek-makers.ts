/**
 * Who makes chips, by the identifier in their certificates (TCG TPM Vendor ID Registry).
 *
 * The table lists makers of TPMs that are separate from the machine's software, in a chip or in
 * the processor's own firmware. Whoever is not in it counts as software: swtpm, hypervisors and
 * clouds, whose state an administrator can copy and restore, and makers that nobody added yet.
 */

/** How far a chip is trusted: `vtpm` is state in somebody's file, `tpm` is hardware. */
export type ChipGrade = 'vtpm' | 'tpm';

const MAKERS: ReadonlyMap<string, string> = new Map([
  ['414D4400', 'AMD'],
  ['41544D4C', 'Atmel'],
  ['4252434D', 'Broadcom'],
  ['4353434F', 'Cisco'],
  ['49465800', 'Infineon'],
  ['494E5443', 'Intel'],
  ['4E534700', 'NSING'],
  ['4E534D20', 'National Semiconductor'],
  ['4E544300', 'Nuvoton'],
  ['4E545A00', 'Nationz'],
  ['51434F4D', 'Qualcomm'],
  ['534D5343', 'SMSC'],
  ['534D534E', 'Samsung'],
  ['534E5300', 'Sinosun'],
  ['53544D20', 'STMicroelectronics'],
  ['54584E00', 'Texas Instruments'],
  ['57454300', 'Winbond'],
]);

/** The maker of a chip and its grade; `id` is written `id:49465800` in certificates. */
export function gradeMaker(id: string): { readonly maker: string; readonly grade: ChipGrade } {
  const maker = MAKERS.get(id.replace(/^id:/, '').toUpperCase());
  return maker === undefined ? { maker: id, grade: 'vtpm' } : { maker, grade: 'tpm' };
}
