// Fills forms in as people do in a browser: by typing, choosing, ticking and clicking.
//
//   node fill.mjs TASK.json
//
// The task is { chromium, page, forms, fillings }: the paths of the browser, of `page.html` and of the forms as
// `awsec2 forms` prints them; and for each form its fillings { fields, first, screenshot }. `fields` holds for each name
// { value, label }, where the label is what a list shows for the value (for several values, their labels). `first` names
// the fields on which others depend. A filling without `fields` submits the form untouched.
//
// Standard output gets one JSON document: for each form an array with an outcome for each filling. That is
// { filled, formData } or { filled, errors } as the form says on Submit, or { filled, failure } when it could not be
// filled in or the page reported an error. `filled` names the fields in their order.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const TIME_LIMIT = 10_000;
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// The names of the fields that can be seen, from top to bottom; not the items within them.
function visibleFields(page) {
  return page.evaluate(() => {
    const form = document.getElementById('root').closest('.rjsf-field');
    const nameOf = (field) => field.querySelector('[id^="root_"]')?.id.slice('root_'.length).replace(/__.*$/, '');
    return [...form.querySelectorAll('.rjsf-field')]
      .filter((field) => field.parentElement.closest('.rjsf-field') === form && field.checkVisibility())
      .map((field) => nameOf(field) ?? field.innerText);
  });
}

async function fillText(page, field, text) {
  await field.click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.press('Delete');
  await field.pressSequentially(text);
}

// A form that wants at least one item has one already; every other is added by a click.
async function fillItems(page, id, { value, label }) {
  for (const [index, item] of value.entries()) {
    if ((await page.locator(`[id="${id}_${index}"]`).count()) === 0) {
      await page.locator(`[id="${id}__add"]`).click();
    }
    await fillField(page, `${id}_${index}`, { value: item, label: label?.[index] });
  }
}

async function fillField(page, id, { value, label }) {
  const field = page.locator(`[id="${id}"]`);
  const kind = await field.evaluate((element) => element.type ?? element.tagName);
  switch (kind) {
    case 'checkbox':
      return field.setChecked(value);
    case 'select-one':
      return field.selectOption({ label });
    case 'select-multiple':
      return field.selectOption(label.map((label) => ({ label })));
    case 'fieldset':
      return fillItems(page, id, { value, label });
    case 'text':
    case 'textarea':
    case 'number':
    case 'password':
      return fillText(page, field, String(value));
    default:
      throw new Error(`nobody can fill in an element of the kind ${kind}`);
  }
}

// Looks anew after each field, since it may have made others appear.
async function fillVisibleFields(page, { fields, first }, filled) {
  for (;;) {
    const open = (await visibleFields(page)).filter((name) => !filled.includes(name));
    const name = open.find((name) => first.includes(name)) ?? open[0];
    if (name === undefined) {
      return;
    }
    if (!(name in fields)) {
      throw new Error(`the field ${name} can be seen, but its schema does not say when`);
    }
    try {
      await fillField(page, `root_${name}`, fields[name]);
    } catch (error) {
      throw new Error(`the field ${name}: ${error.message}`);
    }
    filled.push(name);
  }
}

const submitButton = (page) => page.getByRole('button', { name: 'Submit', exact: true });

// In the place of a form that it cannot show, rjsf says why, and then prints the schema.
async function show(page, form) {
  await page.evaluate((form) => window.show(form), form);
  await submitButton(page).waitFor();
  if ((await page.locator('#root').count()) === 0) {
    const [reason] = (await page.locator('form').innerText()).split('\n');
    throw new Error(`the form cannot be shown: ${reason}`);
  }
}

async function submit(page) {
  await submitButton(page).click();
  await page.waitForFunction(() => window.outcome !== null);
  return page.evaluate(() => window.outcome);
}

async function fillAndSubmit(page, address, form, filling, filled) {
  await page.goto(address);
  await show(page, form);
  if (filling.fields !== null) {
    await fillVisibleFields(page, filling, filled);
    await page.screenshot({ path: filling.screenshot, fullPage: true });
  }
  return submit(page);
}

// Playwright's messages end with a log of what it tried.
const withoutLog = (message) => message.split('\nCall log:')[0];

// Each filling has a page of its own, so that none begins with what another left behind.
async function outcomeOf(browser, address, form, filling) {
  const page = await browser.newPage({ viewport: { width: 800, height: 600 }, offline: true });
  page.setDefaultTimeout(TIME_LIMIT);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  const filled = [];
  const outcome = await fillAndSubmit(page, address, form, filling, filled).catch((error) => {
    complaints.push(withoutLog(error.message));
    return {};
  });
  await page.close();
  return complaints.length === 0 ? { filled, ...outcome } : { filled, failure: complaints.join('; ') };
}

const task = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const forms = JSON.parse(readFileSync(task.forms, 'utf8'));
const address = pathToFileURL(task.page).href;
// Playwright makes a new, empty folder for the browser's user data, and removes it in the end.
const browser = await chromium.launch({ executablePath: task.chromium, headless: true, args: ARGUMENTS });
const outcomes = [];
for (const [index, fillings] of task.fillings.entries()) {
  const outcomesOfForm = [];
  for (const filling of fillings) {
    outcomesOfForm.push(await outcomeOf(browser, address, forms[index], filling));
  }
  outcomes.push(outcomesOfForm);
}
await browser.close();
process.stdout.write(JSON.stringify(outcomes));
