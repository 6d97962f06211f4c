// SPDX-License-Identifier: BSD-2-Clause
/* The table of explanations; see explain.h. In the order in which the questions are asked. */
#include "explain.h"

#include <khoboot/compiler.h>

#include <string.h>

static const struct explanation table[] = {
	{"firmware", "some machines do not keep memory over a reset, or write over it on purpose",
	 "EFI variables, Secure Boot, memory that was plugged in, the TPM, memory encryption"},
	{"tme", "with an encryption key made anew at each reset nothing preserved can be read",
	 "/proc/cpuinfo names TME, /dev/cpu/0/msr tells whether it is on"},
	{"boot_file",
	 "after the reset firmware starts a file by its name, which must be this image",
	 "the boot entry of this system, its ESP, and the file there, byte by byte"},
	{"zone", "memory that firmware writes over a reset has to be copied elsewhere first",
	 "the EFI variable of khoctl calibrate, and SMBIOS for the version of firmware"},
	{"finalize", "kernels up to 7.0 hand nothing over until they are told to finalize",
	 "/sys/kernel/debug/kho/out/finalize"},
	{"encryption", "another kernel does not read what this one's page tables encrypt",
	 "/proc/cpuinfo, /proc/cmdline, /sys/firmware/coco, /dev/sev-guest, /dev/tdx_guest"},
	{"handover", "without KHO the next kernel gets nothing of this one",
	 "/sys/kernel/debug/kho, /proc/cmdline and the image's khoboot.kho="},
	{"version", "a kernel boots cold over the data if it does not know their version",
	 "/sys/kernel/debug/kho/out/fdt, and .kho of the image"},
	{"page_size", "the map of preserved memory counts in pages",
	 "have: of this kernel; need: of the next one, by .kho and its header"},
	{"kernel", "an arm64 kernel may not map memory where this machine has it",
	 "the header and release of the image's kernel"},
	{"bitmaps", "two forms of the map have the same name, and the wrong one loses the data",
	 "the release of this kernel and .kho of the image"},
	{"luo", "a kernel panics over live update data of another version",
	 "/sys/kernel/debug/kho/out/sub_fdts/LUO, and .kho of the image"},
	{"memfd", "a kernel cannot give back a memfd whose record it does not read",
	 "the release of this kernel, and .kho of the image"},
	{"sessions", "an older kernel has room for fewer live update sessions",
	 "have: the most that the next kernel takes; need: those that /proc/*/fd shows open"},
	{"files", "kernels 6.19 to 7.1 have arrays of fixed length for a session's files",
	 "/proc/*/fd shows sessions, but not their files"},
	{"seals", "a kernel of 6.19 gives back a sealed memfd without its seals",
	 "memfds with seals among /proc/*/fd; whether a session keeps them is not shown"},
	{"systemd", "systemd ends the processes that hold sessions before it jumps",
	 "/proc/*/fd, and whether systemd is init"},
	{"liveupdate", "without liveupdate=on the next kernel gives no session back",
	 "the command line for the next kernel"},
	{"blocks", "kernels before kho-v4 do not reserve a block of 2 GiB and more",
	 "have: the largest block of reserve_mem= on /proc/cmdline; need: at most that"},
	{"memory", "khoboot refuses preserved memory that kexec's memory map does not list",
	 "have: RAM that is handed on (/sys/kernel/boot_params, /sys/firmware); need: /proc/iomem"},
	{"cmdline", "some words make the next kernel write, encrypt or leave out preserved memory",
	 "the command line for the next kernel, as khoboot will put it together"},
	{"poison", "khoboot reads preserved memory, and an error there stops it",
	 "HardwareCorrupted of /proc/meminfo"},
	{"crash", "a crash kernel of kernels up to 7.0 would get the data, too, and lose them",
	 "/sys/kernel/kexec_crash_loaded"},
	{"preserved", "what only the running kernel knows khoboot has to check after the jump",
	 "nothing shows it to user space"},
	{"ima", "kexec puts IMA's measurements into scratch, beside the image",
	 "/sys/kernel/security/ima"},
	{"load", "kexec loads the image into scratch and nowhere else",
	 "have: all scratch (/sys/kernel/debug/kho/out/scratch_len); need: what it loads"},
	{"room", "the next kernel is copied to scratch, where the image lies already",
	 "have: the largest piece that is left; need: what the kernel's header asks for"},
	{"block", "boot parameters, command line and maps for the next kernel lie in scratch, too",
	 "have: the piece that they got; need: their sum, by khoboot's own code"},
	{"initrd", ".ucode and .initrd have to lie in one piece for the kernel to find both",
	 "scratch that the kernel and its block leave"},
	{"reset", "after the reset the same has to fit beside what firmware uses",
	 "scratch outside the firmware zone; arm64: firmware's memory map (runtime-map, the tree)"},
	{"evacuation", "what is preserved in the firmware zone is copied to free memory",
	 "nothing shows it to user space: khoboot counts it before the reset"},
	{"arena", "khoboot's page tables and lists have a fixed room in the image",
	 "have: by the image's header; need: by /proc/iomem and the CPU's page sizes"},
	{"fallback", "a second kernel that cannot take the data is no way back",
	 "the same questions, asked of it"},
	{"image", "kexec and khoboot refuse a file that they cannot start",
	 "the headers of the file and of the kernel in it"},
};

const struct explanation *check_explanation(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}
