// SPDX-License-Identifier: BSD-2-Clause
/* Words by which the next kernel would write to memory that they name. */
#include "one_page.h"

#include <fdt/kho_target.h>

static void check(const char *words, enum kb_status want)
{
	struct kb_text cmdline = {words, strlen(words)};

	img.mem.diag = (struct kb_diag){0};
	if (kho_target_named(&img.mem, img.kho, cmdline) != want)
		fail_msg("%s: not KB-%03d", words, want);
}

static void what_is_preserved_is_refused(void **state)
{
	static const char *const bad[] = {
		"ramoops.mem_address=0x400000000 ramoops.mem_size=0x100000",
		"ramoops.mem-size=1048576 ro ramoops.mem_address=0x3fff01000",
		"ramoops.mem_address=x ramoops.mem_size=1",
		"phram.phram=disk,16G,4Ki",
		"phram.phram=disk,15G,2G,64K",
		"phram.phram=disk",
		"slram=a,16G,+4K",
		"slram=a,15G,17G",
		"slram=a,1G,+4K,b,16G,+4K",
		"slram=a,1G",
		"trace_instance=boot_map@16G:12M",
		"trace_instance=boot_map^traceoff@0x400000000:12M,sched:*",
		"trace_instance=boot_map@16G",
		"earlycon=pl011,0x400000000",
		"earlycon=pl011,mmio32,0x400000000,115200n8",
		"earlycon=uart8250,mmio,0x400000000",
		"console=uart8250,mmio32,0x400000ff8",
		"console=uart,mmio,8G", /* scratch */
		"console=uart,0x400000000,115200n8",
		"console=pl011,0x400000000",
		"earlyprintk=mmio32,0x400000000,115200",
		"earlyprintk=keep,mmio32,0x400000000",
		"earlyprintk=vgammio32,0x400000000",
		"quiet \"slram=a,16G,+4K\"",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check(bad[i], KB_KERNEL_WRITES);
	check("slram=a,16G,+4K", KB_KERNEL_WRITES);
	assert_diag(&img, AT, AT);
}

static void other_memory_is_the_operators(void **state)
{
	static const char *const good[] = {
		"",
		"ramoops.mem_address=0x400000000", /* does not start */
		"ramoops.mem_size=0x100000",
		"ramoops.mem_address=0x400001000 ramoops.mem_size=0x100000",
		"ramoops.mem_name=oops reserve_mem=1M:4K:oops",
		"phram.phram=disk,15G,4Ki",
		"slram=a,15G,16G,b,17G,+1G",
		"trace_instance=boot_map@oops",
		"trace_instance=foo,sched:*",
		"trace_instance=boot_map@17G:12M",
		"earlycon",
		"earlycon=pl011,0xc000000", /* after scratch */
		"earlycon=uart8250,io,0x3f8,115200n8",
		"console=ttyS0,115200",
		"console=uart8250,io,0x3f8",
		"console=ttyAMA0",
		"console=uart,0xc000000",
		"earlyprintk=ttyS0,115200",
		"earlyprintk=serial,0x3f8,115200,keep",
		"earlyprintk=keep,mmio32,0xfe031000",
		"a -- slram=a,16G,+4K",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		check(good[i], KB_OK);
}

static bool names_ram(const char *words)
{
	return kho_target_names_ram(&img.mem, (struct kb_text){words, strlen(words)});
}

static void memory_that_is_no_ram_needs_no_question(void **state)
{
	(void)state;

	assert_true(names_ram("slram=a,15G,+4K"));
	assert_true(names_ram("ramoops.mem_address=0x400000000 ramoops.mem_size=1"));
	assert_false(names_ram("slram=a,1000T,+4K"));
	assert_false(names_ram("earlycon=pl011,0xfff000000000"));
	assert_false(names_ram("quiet"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_preserved_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(other_memory_is_the_operators, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_that_is_no_ram_needs_no_question, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
