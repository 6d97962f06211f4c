// SPDX-License-Identifier: BSD-2-Clause
/* Lists of generations, merged. */
#include "make_image.h"
#include "unit.h"

#include "../../tools/sbat.h"

#define FIRST "sbat,1,SBAT Version,sbat,1,https://example.org\n"

static struct buffer out;

static int teardown(void **state)
{
	(void)state;
	buffer_free(&out);
	out = (struct buffer){0};
	return 0;
}

static struct kb_text list(const char *text)
{
	return sbat_text(text, strlen(text));
}

static void assert_out(const char *want)
{
	assert_int_equal(out.size, strlen(want));
	assert_memory_equal(out.data, want, out.size);
}

static void one_first_line_and_none_twice(void **state)
{
	const struct kb_text none = {0};
	(void)state;

	sbat_add(&out, list(FIRST "a,1\nb,1\n"), none);
	sbat_add(&out, list(FIRST "b,1\r\n\nc,2\na,2"), none);
	sbat_add(&out, sbat_uki, none);
	sbat_add(&out, sbat_uki, none);
	assert_int_equal(out.data[out.size - 1], '\n');
	out.size -= sbat_uki.len;
	assert_out(FIRST "a,1\nb,1\nc,2\na,2\n");
}

static void lines_of_a_former_kernel_go(void **state)
{
	(void)state;

	sbat_add(&out, list(FIRST "a,1\nlinux,1\nb,1\n"), list(FIRST "linux,1\n"));
	assert_out(FIRST "a,1\nb,1\n");
}

static void what_is_no_list_is_empty(void **state)
{
	static const char zeros[] = FIRST "a,1\n\0\0\0x,1\n";
	(void)state;

	assert_int_equal(sbat_text(zeros, sizeof(zeros)).len, strlen(zeros));
	assert_int_equal(list("a,1\n").len, 0);
	assert_int_equal(list("").len, 0);
	assert_int_equal(sbat_text(NULL, 0).len, 0);
}

static void a_file_has_its_own(void **state)
{
	struct buffer stub = {0};
	(void)state;

	make_stub(&stub);
	memcpy(stub.data + 0x6000, FIRST, strlen(FIRST) + 1);
	assert_int_equal(sbat_of_file(stub.data, stub.size).len, strlen(FIRST));
	assert_ptr_equal(sbat_of_file(stub.data, stub.size).text, stub.data + 0x6000);
	stub.data[0x6000] = 'x';
	assert_int_equal(sbat_of_file(stub.data, stub.size).len, 0);
	assert_int_equal(sbat_of_file(stub.data, 100).len, 0);
	assert_int_equal(sbat_of_file("MZ", 2).len, 0);
	buffer_free(&stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(one_first_line_and_none_twice, teardown),
		cmocka_unit_test_teardown(lines_of_a_former_kernel_go, teardown),
		cmocka_unit_test(what_is_no_list_is_empty),
		cmocka_unit_test(a_file_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
