# SPDX-License-Identifier: BSD-2-Clause
# The VMM, and the program of its guest: a part of the VMM.

GUEST_BIN := $(O)/x86_64/guest.bin
VMM       := $(O)/x86_64/vmm
VMM_SRC   := $(wildcard tests/guest/*.c)
VMM_SRC   := $(filter-out %/program.c,$(VMM_SRC))

$(GUEST_BIN): tests/guest/start.S tests/guest/program.c tests/guest/board.h tests/guest/guest.lds
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -ffreestanding -fno-pie -no-pie -static -nostdlib -mno-red-zone \
		-mgeneral-regs-only -fcf-protection=none -fno-stack-protector -fno-asynchronous-unwind-tables \
		-Wl,--build-id=none -Wl,-z,noexecstack -T tests/guest/guest.lds -o $(GUEST_BIN:.bin=.elf) \
		$(filter %.S %.c,$^)
	$(Q)objcopy -O binary $(GUEST_BIN:.bin=.elf) $@

$(VMM): $(VMM_SRC) tests/guest/image.S $(wildcard tests/guest/*.h) $(GUEST_BIN)
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(filter-out -Wconversion,$(WARN)) -O2 -static -pthread -s \
		-DGUEST_PROGRAM='"$(GUEST_BIN)"' -o $@ $(filter %.c %.S,$^)
